// Which genes are called: the run's own calls at its thresholds, and live ones at the reader's.

const EVIDENCE = { nominal: "pvalue", fdr: "padj", strict: "padjThreshold" };
const EVIDENCE_WORDS = { nominal: "p", fdr: "padj", strict: "padj of the thresholded test" };
const SHAPES = { none: "circle", up: "triangle", down: "inverted_triangle", changed: "diamond" };

const view = {
  contrast: 0, data: null, rule: "fdr", alpha: head.endpoint.alpha, fold: head.endpoint.foldChange,
  call: [], gene: -1, highlighted: new Set(), selected: null,
};

function atPreset() {
  return view.alpha === head.endpoint.alpha && view.fold === head.endpoint.foldChange;
}

// The call of every gene in words, and how many there are of each.
function callGenes() {
  const { data, rule } = view;
  const n = head.genes;
  const call = new Array(n);
  const counts = { up: 0, down: 0, changed: 0, none: 0, tested: 0 };
  const evidence = data[EVIDENCE[rule]];
  const codes = data.calls[rule];
  const least = Math.log2(view.fold);
  const preset = atPreset();
  for (let i = 0; i < n; i++) {
    let found = "none";
    if (preset) {
      found = head.calls[codes[i]] || "none";
    } else if (evidence[i] < view.alpha) {
      if (!data.entry.directed) found = "changed";
      else if (rule === "strict" || Math.abs(data.log2FoldChange[i]) >= least) found = data.log2FoldChange[i] > 0 ? "up" : "down";
    }
    call[i] = found;
    counts[found]++;
    if (!Number.isNaN(evidence[i])) counts.tested++;
  }
  view.call = call;
  view.counts = counts;
}

// Threshold and counts in a sentence.
function countsSentence() {
  const { counts, rule, data } = view;
  const number = (value) => value.toLocaleString("en");
  const found = data.entry.directed
    ? `▲ ${number(counts.up)} up, ▼ ${number(counts.down)} down`
    : `◆ ${number(counts.changed)} changed`;
  let change = "";
  if (data.entry.directed) {
    change = rule === "strict" ? `, fold change > ${head.endpoint.foldChange}` : `, fold change ≥ ${view.fold} or ≤ 1/${view.fold}`;
  }
  const whose = atPreset() ? "" : " Not the study's endpoint: your own thresholds.";
  return `${found} of ${number(counts.tested)} genes (${EVIDENCE_WORDS[rule]} < ${view.alpha}${change}).${whose}`;
}
