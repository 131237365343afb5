// What every chart shares: colours of the page's theme, its tools as plain buttons, and its file to take away.

const COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7A7A7A"];
const MARKERS = ["circle", "triangle", "square", "diamond", "inverted_triangle", "plus", "x"];
const SEQUENTIAL = ["#c6dbef", "#6baed6", "#3182bd", "#08519c", "#08306b"];
const charts = new Map();  // id of the element → { figure, view }

function themeColour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function dressed(figure) {
  const [ink, line, paper] = ["ink", "line", "paper"].map(themeColour);
  figure.setv({ background_fill_color: paper, border_fill_color: paper, outline_line_color: line });
  for (const axis of [...figure.xaxes, ...figure.yaxes]) {
    axis.setv({
      axis_label_text_color: ink, major_label_text_color: ink, axis_line_color: line, major_tick_line_color: line,
      minor_tick_line_color: null, axis_label_text_font_style: "normal", axis_label_text_font_size: "13px",
      major_label_text_font_size: "12px",
    });
  }
  for (const grid of [...figure.xgrids, ...figure.ygrids]) grid.setv({ grid_line_color: themeColour("grid") });
  return figure;
}

function newFigure(xRange, yRange, more = {}) {
  const figure = Bokeh.Plotting.figure({
    sizing_mode: "stretch_both", toolbar_location: null, tools: [], x_range: xRange, y_range: yRange, min_border: 8, ...more,
  });
  figure.toolbar.logo = null;
  return dressed(figure);
}

async function show(id, figure) {
  const view = await Bokeh.Plotting.show(figure, document.getElementById(id));
  charts.set(id, { figure, view });
  return view;
}

function setRange(range, start, end) {
  range.setv({ start, end, reset_start: start, reset_end: end });
}

function zoomed(ranges, factor) {
  for (const range of ranges) {
    const middle = (range.start + range.end) / 2;
    const half = ((range.end - range.start) / 2) * factor;
    range.setv({ start: middle - half, end: middle + half });
  }
}

// Tools as buttons with names: the drag tools exclude each other.
function toolButtons(id, drags, actions) {
  const bar = document.getElementById(id);
  const choose = (name) => {
    for (const [each, tool] of Object.entries(drags)) tool.active = each === name;
    for (const button of bar.querySelectorAll("[aria-pressed]")) button.setAttribute("aria-pressed", String(button.textContent === name));
  };
  for (const name of Object.keys(drags)) {
    bar.append(element("button", { type: "button", "aria-pressed": "false", onclick: () => choose(name) }, name));
  }
  for (const [name, act] of Object.entries(actions)) bar.append(element("button", { type: "button", onclick: act }, name));
  if (Object.keys(drags).length) choose(Object.keys(drags)[0]);
}

function save(name, content) {
  const link = element("a", { href: URL.createObjectURL(content), download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

async function saveChart(id, kind, name) {
  const layer = charts.get(id).view.export(kind);
  save(`${name}.${kind}`, await layer.to_blob());
}

const fileName = (text) => text.replace(/[^A-Za-z0-9._-]+/g, "_");

// How a variable colours points: a colour, a marker and a legend entry a level; five steps for a number.
function colouring(variable) {
  const n = head.samples.names.length;
  if (!variable) return { colours: new Array(n).fill(COLOURS[0]), markers: new Array(n).fill("circle"), legend: [] };
  if (variable.levels) {
    const pick = (list) => variable.codes.map((code) => (code < 0 ? null : list[code % list.length]));
    return {
      colours: pick(COLOURS).map((colour) => colour ?? themeColour("muted")),
      markers: pick(MARKERS).map((marker) => marker ?? "x"),
      legend: variable.levels.map((level, k) => ({ text: level, colour: COLOURS[k % COLOURS.length], marker: MARKERS[k % MARKERS.length] })),
    };
  }
  const present = variable.values.filter((value) => value !== null).sort((a, b) => a - b);
  const cuts = [0.2, 0.4, 0.6, 0.8].map((share) => present[Math.floor(share * present.length)]);
  const step = (value) => cuts.filter((cut) => value >= cut).length;
  const bounds = [present[0], ...cuts, present[present.length - 1]].map((value) => Number(value.toPrecision(3)));
  return {
    colours: variable.values.map((value) => (value === null ? themeColour("muted") : SEQUENTIAL[step(value)])),
    markers: variable.values.map((value) => (value === null ? "x" : "circle")),
    legend: SEQUENTIAL.map((colour, k) => ({ text: `${bounds[k]} to ${bounds[k + 1]}`, colour, marker: "circle" })),
  };
}

const GLYPHS = { circle: "●", triangle: "▲", square: "■", diamond: "◆", inverted_triangle: "▼", plus: "✚", x: "✖" };

function drawLegend(id, title, legend) {
  const entries = legend.map(({ text, colour, marker }) => {
    const glyph = element("span", { "aria-hidden": "true" }, GLYPHS[marker]);
    glyph.style.color = colour;
    return element("li", {}, glyph, ` ${text}`);
  });
  const list = document.getElementById(id);
  list.setAttribute("aria-label", title);
  list.replaceChildren(...entries);
}

const variableNamed = (name) => head.samples.variables.find((variable) => variable.name === name);
