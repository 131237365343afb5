// What the page carries: a head of plain JSON, and blocks of numbers that are decoded when they are needed.

const head = JSON.parse(document.getElementById("explorer-head").textContent);
const decoded = new Map();

function base64Bytes(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

async function blockBytes(name) {
  const text = document.getElementById(`block-${name}`).textContent;
  const stream = new Blob([base64Bytes(text)]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

async function blockText(name) {
  return new TextDecoder().decode(await blockBytes(name));
}

// Bytes sorted by place, back into numbers of `Kind`; little endian, as every browser's machine is.
function gathered(bytes, Kind) {
  const size = Kind.BYTES_PER_ELEMENT;
  const n = bytes.length / size;
  const out = new Uint8Array(bytes.length);
  for (let place = 0; place < size; place++) {
    for (let i = 0; i < n; i++) out[i * size + place] = bytes[place * n + i];
  }
  return new Kind(out.buffer);
}

function once(key, make) {
  if (!decoded.has(key)) decoded.set(key, make());
  return decoded.get(key);
}

const genes = { id: [], name: [], biotype: [], key: [], at: new Map() };

async function loadGenes() {
  const lines = (await blockText("genes")).split("\n");
  lines.forEach((line, i) => {
    const [id, name, biotype] = line.split("\t");
    genes.id.push(id);
    genes.name.push(name);
    genes.biotype.push(biotype);
    genes.key.push(`${name} ${id}`.toLowerCase());
    genes.at.set(id.toLowerCase(), i);
  });
  lines.forEach((_, i) => {
    const name = genes.name[i].toLowerCase();
    if (!genes.at.has(name)) genes.at.set(name, i);
  });
}

// Columns of one contrast, one number a gene.
function contrastData(number) {
  return once(`contrast${number}`, async () => {
    const [singles, doubles, codes] = await Promise.all([
      blockBytes(`singles${number}`), blockBytes(`doubles${number}`), blockBytes(`codes${number}`)]);
    const n = head.genes;
    const entry = head.contrasts[number];
    const part = (array, k) => array.subarray(k * n, (k + 1) * n);
    const f32 = gathered(singles, Float32Array);
    const f64 = gathered(doubles, Float64Array);
    const data = {
      entry,
      baseMean: part(f32, 0), stat: part(f32, 1), pvalue: part(f64, 0), padj: part(f64, 1),
      calls: { nominal: part(codes, 0), fdr: part(codes, 1), strict: part(codes, 2) },
      reason: part(codes, 3), badge: part(codes, 4),
    };
    if (entry.directed) {
      data.log2FoldChange = part(f32, 2);
      data.lfcSE = part(f32, 3);
      data.shrunken = part(f32, 4);
      data.padjThreshold = part(f64, 2);
    }
    data.height = Float64Array.from(data.pvalue, (p, i) => (entry.minute[i] ?? -Math.log10(p)));
    return data;
  });
}

// Gene sets by name, each with its genes; empty where the page holds none.
function geneSets() {
  return once("sets", async () => {
    if (!document.getElementById("block-sets")) return new Map();
    return new Map((await blockText("sets")).split("\n").map((line) => {
      const [name, members] = line.split("\t");
      return [name, members.split(" ")];
    }));
  });
}

// log2(normalised count + 1) of one gene in every sample; null where the page holds its quantiles only.
async function geneValues(gene) {
  if (gene >= head.counted) return null;
  const number = Math.floor(gene / head.block);
  const Kind = head.log2 ? Float32Array : Uint32Array;
  const block = await once(`values${number}`, async () => gathered(await blockBytes(`values${number}`), Kind));
  const n = head.samples.names.length;
  const start = (gene - number * head.block) * n;
  return Float64Array.from({ length: n }, (_, i) =>
    head.log2 ? block[start + i] : Math.log2(block[start + i] / head.samples.sizeFactors[i] + 1));
}

// Quantiles of one gene: for each group of head.quantiles, one value a probability.
async function geneQuantiles(gene) {
  const bytes = await once("quantiles", () => blockBytes("quantiles"));
  const { groups, probabilities, steps } = head.quantiles;
  return groups.map((_, g) => probabilities.map((_, p) =>
    bytes[(g * probabilities.length + p) * head.genes + gene] / steps));
}
