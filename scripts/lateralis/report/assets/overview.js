// The chart of all genes: volcano, or mean against change; without a fold change, mean against evidence.

const { ColumnDataSource, Range1d, HoverTool, TapTool, BoxSelectTool, LassoSelectTool, PanTool, BoxZoomTool, WheelZoomTool, Span } = Bokeh;
const POINT = { x: [], y: [], gene: [], name: [], effect: [], p: [], padj: [], colour: [], size: [], marker: [], alpha: [] };
const overview = {
  kind: "volcano", points: new ColumnDataSource({ data: POINT }),
  rings: new ColumnDataSource({ data: { x: [], y: [], size: [], colour: [] } }),
  labels: new ColumnDataSource({ data: { x: [], y: [], text: [], dx: [], dy: [], align: [] } }),
  xRange: new Range1d({ start: -1, end: 1 }), yRange: new Range1d({ start: 0, end: 1 }), quiet: false, place: new Map(),
};
const MOST_LABELS = 14;
const MOST_MARKED = 30; // labels of highlighted genes beside them: a gene set may have hundreds

// Where a few values would squash all others, the axis ends a quarter above the tenth largest, and they lie on its edge.
function robustLimit(values, squashing) {
  const sorted = Float64Array.from(values).sort().reverse();
  if (!sorted.length || !(sorted[0] > 0)) return 1;
  return sorted.length > 90 && sorted[0] > squashing * sorted[9] ? 1.25 * sorted[9] : sorted[0];
}

function overviewAxes() {
  const { data } = view;
  const logMean = (i) => (head.log2 ? data.baseMean[i] : Math.log10(data.baseMean[i]));
  const mean = head.log2 ? "Mean log2 intensity" : "log10 mean count";
  if (!data.entry.directed) return { x: logMean, y: (i) => data.height[i], xLabel: mean, yLabel: "−log10 p", name: "evidence" };
  if (overview.kind === "ma") return { x: logMean, y: (i) => data.log2FoldChange[i], xLabel: mean, yLabel: "log2 fold change", name: "ma" };
  return { x: (i) => data.log2FoldChange[i], y: (i) => data.height[i], xLabel: "log2 fold change", yLabel: "−log10 p", name: "volcano" };
}

function drawOverview(reset) {
  const axes = overviewAxes();
  const { data, call } = view;
  const drawn = [];
  for (let i = 0; i < head.genes; i++) if (!Number.isNaN(data.pvalue[i]) && !Number.isNaN(axes.y(i))) drawn.push(i);
  drawn.sort((a, b) => (call[a] !== "none") - (call[b] !== "none"));
  const ma = axes.name === "ma";
  const sizes = (f) => drawn.map((i) => Math.abs(f(i)));
  const top = robustLimit(sizes(axes.y), 2.5);
  const side = axes.name === "volcano" ? robustLimit(sizes(axes.x), 2.5) : Infinity;
  const clamp = (value, limit) => Math.max(-limit, Math.min(limit, value));
  const grey = themeColour("point");
  const colour = Object.fromEntries(["up", "down", "changed"].map((name) => [name, themeColour(name)]));
  const columns = Object.fromEntries(Object.keys(POINT).map((key) => [key, new Array(drawn.length)]));
  overview.place = new Map();
  let clipped = 0;
  drawn.forEach((i, j) => {
    const [x, y] = [clamp(axes.x(i), side), clamp(axes.y(i), top)];
    const beyond = x !== axes.x(i) || y !== axes.y(i);
    clipped += beyond;
    const none = call[i] === "none";
    columns.x[j] = x;
    columns.y[j] = y;
    columns.gene[j] = i;
    columns.name[j] = genes.name[i];
    columns.effect[j] = data.entry.directed ? effect(data.log2FoldChange[i]) : MISSING;
    columns.p[j] = pText(data.pvalue[i]);
    columns.padj[j] = pText(data.padj[i]);
    columns.colour[j] = none ? grey : colour[call[i]];
    columns.size[j] = beyond ? 9 : none ? 3.5 : 6.5;
    columns.marker[j] = beyond ? "star" : SHAPES[call[i]];
    columns.alpha[j] = none ? 0.5 : 0.85;
    overview.place.set(i, j);
  });
  overview.quiet = true;
  overview.points.selected.indices = [];
  overview.points.data = columns;
  overview.quiet = false;
  if (reset) {
    if (axes.name === "volcano") setRange(overview.xRange, -1.06 * side, 1.06 * side);
    else {
      const xs = drawn.map(axes.x);
      const [low, high] = [xs.reduce((a, b) => Math.min(a, b), Infinity), xs.reduce((a, b) => Math.max(a, b), -Infinity)];
      if (drawn.length) setRange(overview.xRange, low - 0.1, high + 0.3);
    }
    setRange(overview.yRange, ma ? -1.06 * top : -0.03 * top, 1.06 * top);
  }
  const { figure } = overview;
  figure.xaxes[0].axis_label = axes.xLabel;
  figure.yaxes[0].axis_label = axes.yLabel;
  const bound = Math.log2(view.fold);
  overview.guides.forEach((span, k) => span.setv({
    visible: data.entry.directed, location: k ? -bound : bound, dimension: ma ? "width" : "height", line_color: themeColour("muted") }));
  const sentence = countsSentence();
  const edge = clipped ? ` ${clipped} lie beyond the axis and are drawn as stars on its edge.` : "";
  document.getElementById("overview-words").textContent = `A click on a point shows the gene.${edge}`;
  document.getElementById("counts").textContent = sentence;
  document.getElementById("overview").setAttribute("aria-label", `${figureNames[axes.name]} of ${data.entry.label}. ${sentence}`);
  markGenes();
}

const figureNames = { volcano: "Volcano plot", ma: "MA plot", evidence: "Evidence against mean" };

// Rings around the picked and the highlighted genes, and the names of the strongest.
function markGenes() {
  const { x, y } = overview.points.data;
  const rings = { x: [], y: [], size: [], colour: [] };
  const ring = (i, size, colour) => {
    const j = overview.place.get(i);
    if (j === undefined) return;
    rings.x.push(x[j]);
    rings.y.push(y[j]);
    rings.size.push(size);
    rings.colour.push(colour);
  };
  for (const i of view.highlighted) ring(i, 11, "#009E73");
  ring(view.gene, 15, themeColour("ink"));
  overview.rings.data = rings;
  placeLabels();
}

function placeLabels() {
  const { x, y } = overview.points.data;
  const { xRange, yRange } = overview;
  const box = document.getElementById("overview").getBoundingClientRect();
  const perX = (box.width - 70) / (xRange.end - xRange.start);
  const perY = (box.height - 60) / (yRange.end - yRange.start);
  const strength = (i) => view.data.height[i];
  const called = [...overview.place.keys()].filter((i) => view.call[i] !== "none").sort((a, b) => strength(b) - strength(a));
  const wanted = [...new Set([view.gene, ...view.highlighted, ...called.slice(0, 60)])].filter((i) => overview.place.has(i));
  const taken = [];
  const found = { x: [], y: [], text: [], dx: [], dy: [], align: [] };
  for (const i of wanted) {
    if (found.text.length >= MOST_LABELS + Math.min(view.highlighted.size, MOST_MARKED)) break;
    const j = overview.place.get(i);
    if (x[j] < xRange.start || x[j] > xRange.end || y[j] < yRange.start || y[j] > yRange.end) continue;
    const [left, top] = [(x[j] - xRange.start) * perX, (yRange.end - y[j]) * perY];
    const width = 7 * genes.name[i].length + 4;
    const spots = [[7, -2, "left"], [-7, -2, "right"], [7, 12, "left"], [-7, 12, "right"]];
    for (const [dx, dy, align] of spots) {
      const start = align === "left" ? left + dx : left + dx - width;
      const spot = { l: start, r: start + width, t: top + dy - 11, b: top + dy + 3 };
      const outside = spot.l < 0 || spot.r > box.width - 70 || spot.t < 0;
      if (outside || taken.some((o) => spot.l < o.r && o.l < spot.r && spot.t < o.b && o.t < spot.b)) continue;
      taken.push(spot);
      found.x.push(x[j]);
      found.y.push(y[j]);
      found.text.push(genes.name[i]);
      found.dx.push(dx);
      found.dy.push(dy);
      found.align.push(align);
      break;
    }
  }
  overview.labels.data = found;
}

async function makeOverview() {
  const { points, rings, labels, xRange, yRange } = overview;
  const figure = newFigure(xRange, yRange, { lod_threshold: null });
  overview.figure = figure;
  const field = (name) => ({ field: name });
  const dots = figure.scatter(field("x"), field("y"), {
    source: points, marker: field("marker"), size: field("size"), fill_color: field("colour"), line_color: null,
    fill_alpha: field("alpha"), nonselection_fill_alpha: 0.1, selection_fill_alpha: 1 });
  figure.scatter(field("x"), field("y"), { source: rings, level: "overlay", size: field("size"), fill_color: null, line_color: field("colour"), line_width: 2 });
  overview.texts = figure.text(field("x"), field("y"), field("text"), {
    source: labels, level: "overlay", x_offset: field("dx"), y_offset: field("dy"), text_align: field("align"), text_font_size: "12px",
    text_color: themeColour("ink") });
  overview.guides = [1, -1].map((location) => new Span({ dimension: "height", location, line_dash: [4, 3] }));
  for (const span of overview.guides) figure.add_layout(span);
  const drags = {
    Pan: new PanTool(), "Box zoom": new BoxZoomTool(),
    "Box select": new BoxSelectTool({ renderers: [dots] }), Lasso: new LassoSelectTool({ renderers: [dots] }) };
  const hover = new HoverTool({ renderers: [dots], tooltips: [["Gene", "@name"], ["log2 fold change", "@effect"], ["p", "@p"], ["padj", "@padj"]] });
  figure.add_tools(...Object.values(drags), new WheelZoomTool(), hover);
  toolButtons("overview-tools", drags, {
    "Zoom in": () => zoomed([xRange, yRange], 0.7), "Zoom out": () => zoomed([xRange, yRange], 1 / 0.7),
    Reset: () => { view.selected = null; drawOverview(true); selectRows(); } });
  await show("overview", figure);
  points.selected.properties.indices.change.connect(() => {
    if (overview.quiet) return;
    const { indices } = points.selected;
    view.selected = indices.length ? new Set(indices.map((j) => points.data.gene[j])) : null;
    document.getElementById("unselect").hidden = !view.selected;
    selectRows();
  });
  let waiting = 0;
  const later = () => { cancelAnimationFrame(waiting); waiting = requestAnimationFrame(placeLabels); };
  for (const range of [xRange, yRange]) range.change.connect(later);
  figure.on_event("tap", (event) => {
    const box = document.getElementById("overview").getBoundingClientRect();
    const [unitX, unitY] = [(xRange.end - xRange.start) / box.width, (yRange.end - yRange.start) / box.height];
    const { x, y, gene } = points.data;
    let best = -1;
    let least = 144;
    for (let j = 0; j < x.length; j++) {
      const distance = ((x[j] - event.x) / unitX) ** 2 + ((y[j] - event.y) / unitY) ** 2;
      if (distance <= least) [least, best] = [distance, gene[j]];
    }
    if (best >= 0) pickGene(best, false);
  });
}
