// Charts of samples: one gene by any variable, and principal components.

const strip = {
  points: new ColumnDataSource({ data: { x: [], y: [], colour: [], marker: [], name: [], value: [] } }),
  lines: new ColumnDataSource({ data: { xs: [], ys: [] } }),
  bars: new ColumnDataSource({ data: { x0: [], x1: [], y: [] } }),
  boxes: new ColumnDataSource({ data: { x: [], left: [], right: [], q: [], low: [], first: [], middle: [], third: [], high: [] } }),
  xRange: new Range1d({ start: -0.5, end: 0.5 }), yRange: new Range1d({ start: 0, end: 1 }),
};
const LOG_COUNT = "log2 (normalised count + 1)";

async function makeStrip() {
  const figure = newFigure(strip.xRange, strip.yRange);
  strip.figure = figure;
  const field = (name) => ({ field: name });
  figure.multi_line(field("xs"), field("ys"), { source: strip.lines, line_color: themeColour("muted"), line_alpha: 0.5 });
  const ink = themeColour("ink");
  strip.inked = [
    figure.segment(field("x0"), field("y"), field("x1"), field("y"), { source: strip.bars, line_width: 2.5, line_color: ink }),
    figure.segment(field("x"), field("low"), field("x"), field("high"), { source: strip.boxes, line_color: ink }),
    figure.quad(field("left"), field("right"), field("first"), field("third"), { source: strip.boxes, fill_color: "#56B4E9", fill_alpha: 0.4, line_color: ink }),
    figure.segment(field("left"), field("middle"), field("right"), field("middle"), { source: strip.boxes, line_color: ink, line_width: 2.5 }),
  ];
  const dots = figure.scatter(field("x"), field("y"), {
    source: strip.points, size: 7, marker: field("marker"), fill_color: field("colour"), line_color: field("colour"), fill_alpha: 0.7 });
  figure.add_tools(new HoverTool({ renderers: [dots], tooltips: [["Sample", "@name"], [LOG_COUNT, "@value"]] }));
  figure.yaxes[0].axis_label = head.log2 ? "log2 intensity" : LOG_COUNT;
  await show("gene-chart", figure);
}

function categoricalAxis(labels) {
  strip.figure.xaxes[0].setv({
    ticker: new Bokeh.FixedTicker({ ticks: labels.map((_, k) => k) }), major_label_overrides: new Map(labels.map((label, k) => [k, label])),
    axis_label: document.getElementById("gene-by").value, major_label_orientation: labels.length > 5 ? 0.6 : "horizontal" });
  strip.figure.xgrids[0].visible = false;
  setRange(strip.xRange, -0.5, labels.length - 0.5);
}

// Spread by a fixed sequence, not by chance: the same page draws the same picture.
const spread = (k) => (((k * 0.618034) % 1) - 0.5) * 0.5;

async function drawStrip() {
  const gene = view.gene;
  if (gene < 0) return;
  const values = await geneValues(gene);
  if (gene !== view.gene) return;
  if (values) drawPoints(values);
  else drawQuantiles(await geneQuantiles(gene));
}

function drawPoints(values) {
  const { samples } = head;
  const by = variableNamed(document.getElementById("gene-by").value);
  const colourName = document.getElementById("gene-colour").value;
  const { colours, markers, legend } = colouring(variableNamed(colourName));
  drawLegend("gene-legend", colourName, legend);
  const x = new Float64Array(values.length);
  const bars = { x0: [], x1: [], y: [] };
  let parts = [];
  if (by.levels) {
    const members = by.levels.map(() => []);
    by.codes.forEach((code, j) => { if (code >= 0) members[code].push(j); });
    x.fill(NaN);
    members.forEach((list, k) => list.forEach((j, order) => { x[j] = k + spread(order); }));
    members.forEach((list, k) => {
      if (!list.length) return;
      bars.x0.push(k - 0.32);
      bars.x1.push(k + 0.32);
      bars.y.push(median(list.map((j) => values[j])));
    });
    categoricalAxis(by.levels.map((level, k) => `${level} (${members[k].length})`));
    parts = by.levels.map((level, k) => (members[k].length ? `${level} ${median(members[k].map((j) => values[j])).toFixed(1)}` : "")).filter(Boolean);
  } else {
    by.values.forEach((value, j) => { x[j] = value ?? NaN; });
    const present = by.values.filter((value) => value !== null);
    const [low, high] = [Math.min(...present), Math.max(...present)];
    const margin = (high - low || 1) * 0.05;
    strip.figure.xaxes[0].setv({ ticker: new Bokeh.BasicTicker(), major_label_overrides: new Map(), axis_label: by.name, major_label_orientation: "horizontal" });
    strip.figure.xgrids[0].visible = true;
    setRange(strip.xRange, low - margin, high + margin);
  }
  strip.points.data = { x, y: values, colour: colours, marker: markers, name: samples.names, value: Array.from(values, (v) => v.toFixed(2)) };
  strip.lines.data = repeatedLines(x, values);
  strip.bars.data = bars;
  strip.boxes.data = { x: [], left: [], right: [], low: [], first: [], middle: [], third: [], high: [] };
  fitHeight(values.reduce((a, b) => Math.min(a, b), Infinity), values.reduce((a, b) => Math.max(a, b), 0));
  describeStrip(parts.length ? `Medians: ${parts.join(", ")}.` : "");
}

// The samples of one participant, joined from left to right.
function repeatedLines(x, y) {
  const { participants } = head.samples;
  const lines = { xs: [], ys: [] };
  if (!participants || !document.getElementById("gene-lines").checked) return lines;
  const of = new Map();
  participants.forEach((code, j) => {
    if (code < 0 || Number.isNaN(x[j])) return;
    if (!of.has(code)) of.set(code, []);
    of.get(code).push(j);
  });
  for (const list of of.values()) {
    if (list.length < 2) continue;
    list.sort((a, b) => x[a] - x[b]);
    lines.xs.push(list.map((j) => x[j]));
    lines.ys.push(list.map((j) => y[j]));
  }
  return lines;
}

function drawQuantiles(quantiles) {
  const by = document.getElementById("gene-by").value;
  const groups = head.quantiles.groups.map((group, g) => ({ ...group, q: quantiles[g] })).filter(({ variable }) => variable === by);
  categoricalAxis(groups.map(({ level, samples }) => `${level} (${samples})`));
  const column = (k) => groups.map(({ q }) => q[k]);
  const at = groups.map((_, k) => k);
  strip.boxes.data = {
    x: at, left: at.map((k) => k - 0.3), right: at.map((k) => k + 0.3), low: column(0), first: column(1), middle: column(2), third: column(3), high: column(4) };
  strip.points.data = { x: [], y: [], colour: [], marker: [], name: [], value: [] };
  strip.lines.data = { xs: [], ys: [] };
  strip.bars.data = { x0: [], x1: [], y: [] };
  drawLegend("gene-legend", "", []);
  fitHeight(Math.min(...column(0), Infinity), Math.max(...column(4), 0));
  describeStrip(`Boxes: quartiles; lines: 10 % to 90 %. Medians: ${groups.map(({ level, q }) => `${level} ${q[2].toFixed(1)}`).join(", ")}.`);
}

function fitHeight(low, high) {
  const margin = Math.max(0.5, (high - low) * 0.08);
  setRange(strip.yRange, head.log2 ? low - margin : Math.max(-0.2, low - margin), high + margin);
}

function median(values) {
  const sorted = values.slice().sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

function describeStrip(medians) {
  const { data, gene } = view;
  const by = document.getElementById("gene-by").value;
  const change = data.entry.directed ? `log2 fold change ${effect(data.log2FoldChange[gene])}, ` : "";
  document.getElementById("gene-title").textContent = genes.name[gene] === genes.id[gene] ? genes.id[gene] : `${genes.name[gene]} (${genes.id[gene]})`;
  const why = data.reason[gene] ? ` ${REASONS[head.naReasons[data.reason[gene]]]}.` : "";
  document.getElementById("gene-words").textContent =
    `${data.entry.label}: ${change}p ${pText(data.pvalue[gene])}, padj ${pText(data.padj[gene])}.${why} ${medians}`;
  document.getElementById("gene-chart").setAttribute("aria-label", `${genes.name[gene]} by ${by}. ${medians}`);
}

const pca = {
  points: new ColumnDataSource({ data: { x: [], y: [], colour: [], marker: [], name: [] } }),
  xRange: new Range1d({ start: -1, end: 1 }), yRange: new Range1d({ start: -1, end: 1 }),
};

async function makePca() {
  if (!document.getElementById("pca-chart")) return;
  const { explained } = head.samples;
  const options = explained.map((share, k) => [String(k), `PC${k + 1} (${(100 * share).toFixed(1)} %)`]);
  for (const [id, start] of [["pca-x", 0], ["pca-y", Math.min(1, explained.length - 1)]]) {
    fillSelect(id, options, String(start));
    document.getElementById(id).addEventListener("change", drawPca);
  }
  fillSelect("pca-colour", head.samples.variables.map(({ name }) => [name, name]), startVariable());
  document.getElementById("pca-colour").addEventListener("change", drawPca);
  const figure = newFigure(pca.xRange, pca.yRange);
  pca.figure = figure;
  const field = (name) => ({ field: name });
  const dots = figure.scatter(field("x"), field("y"), {
    source: pca.points, size: 8, marker: field("marker"), fill_color: field("colour"), line_color: field("colour"), fill_alpha: 0.7 });
  figure.add_tools(new HoverTool({ renderers: [dots], tooltips: [["Sample", "@name"]] }));
  await show("pca-chart", figure);
  drawPca();
}

function drawPca() {
  const [a, b] = ["pca-x", "pca-y"].map((id) => Number(document.getElementById(id).value));
  const colour = document.getElementById("pca-colour").value;
  const { components, explained, names } = head.samples;
  const { colours, markers, legend } = colouring(variableNamed(colour));
  drawLegend("pca-legend", colour, legend);
  pca.points.data = { x: components[a], y: components[b], colour: colours, marker: markers, name: names };
  for (const [range, k] of [[pca.xRange, a], [pca.yRange, b]]) {
    const [low, high] = [Math.min(...components[k]), Math.max(...components[k])];
    const margin = (high - low || 1) * 0.06;
    setRange(range, low - margin, high + margin);
  }
  const label = (k) => `PC${k + 1} (${(100 * explained[k]).toFixed(1)} % of variance)`;
  pca.figure.xaxes[0].axis_label = label(a);
  pca.figure.yaxes[0].axis_label = label(b);
  document.getElementById("pca-chart").setAttribute("aria-label", `Principal components of all samples: ${label(a)} and ${label(b)}, coloured by ${colour}`);
}
