// The table of all genes: sorted, searched, filtered, a page at a time.

const ROWS = 25;
const MISSING = "–";
const minus = (text) => text.replace("-", "−");

// Decimals by size, as report/explorer.py expects them; p-values to three digits, with an exponent where they are small.
function meanText(value) {
  if (Number.isNaN(value)) return MISSING;
  if (value >= 1e7) return value.toExponential(3);
  return minus(value.toFixed(value < 1 ? 3 : value < 1e3 ? 1 : 0));
}
const statText = (value) => (Number.isNaN(value) ? MISSING : minus(value.toFixed(2)));
function pText(value) {
  if (Number.isNaN(value)) return MISSING;
  if (value < 1e-300) return "< 1e-300";
  return value < 1e-3 ? value.toExponential(2) : Number(value.toPrecision(3)).toString();
}
const effect = (value) => (Number.isNaN(value) ? MISSING : minus(value.toFixed(3)));

const REASONS = {
  all_zero: "no count in any sample", low_count_filter: "too few counts", cooks_outlier: "an outlier count",
  independent_filtering: "no padj: independent filtering", no_convergence: "the fit did not converge",
};

// key: how it is called in results.tsv.gz; values: an array a gene; text: how it is printed.
function columns() {
  const { data } = view;
  const found = [
    { key: "gene_name", title: "Gene", values: genes.name, text: String },
    { key: "gene_id", title: "Identifier", values: genes.id, text: String },
    { key: "call", title: "Call", values: view.call, text: String },
    { key: "baseMean", title: head.log2 ? "Mean intensity" : "Mean count", values: data.baseMean, text: meanText },
  ];
  if (data.entry.directed) {
    found.push(
      { key: "log2FoldChange", title: "log2 fold change", values: data.log2FoldChange, text: effect },
      { key: "lfcSE", title: "Standard error", values: data.lfcSE, text: effect },
      { key: "log2FoldChange_shrunken", title: "Shrunken", values: data.shrunken, text: effect });
  }
  found.push(
    { key: "stat", title: "Statistic", values: data.stat, text: statText },
    { key: "pvalue", title: "p", values: data.pvalue, text: pText },
    { key: "padj", title: "padj", values: data.padj, text: pText });
  if (data.entry.directed) {
    found.push({ key: "padj_threshold", title: `padj, change > ${head.endpoint.foldChange}`, values: data.padjThreshold, text: pText });
  }
  found.push({ key: "na_reason", title: "Remark", values: view.remarks, text: String });
  return found;
}

const CALL_ORDER = { up: 0, down: 1, changed: 2, none: 3 };
const ASCENDING = new Set(["gene_name", "gene_id", "call", "pvalue", "padj", "padj_threshold", "lfcSE", "na_reason"]);
const table = { sort: "pvalue", ascending: true, page: 0, rows: [] };
const collator = new Intl.Collator("en", { numeric: true });

// Missing values last, whatever the direction; ties by evidence.
function comparer(column) {
  const { values } = column;
  const way = table.ascending ? 1 : -1;
  const { stat } = view.data;
  const strength = (i) => (Number.isNaN(stat[i]) ? -1 : Math.abs(stat[i]));
  const tie = (a, b) => strength(b) - strength(a) || a - b;
  if (column.key === "call") return (a, b) => way * (CALL_ORDER[values[a]] - CALL_ORDER[values[b]]) || tie(a, b);
  if (typeof values[0] === "string") return (a, b) => way * collator.compare(values[a], values[b]) || tie(a, b);
  return (a, b) => {
    const x = values[a];
    const y = values[b];
    if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) - Number.isNaN(y) || tie(a, b);
    return way * (x - y) || tie(a, b);
  };
}

const FILTERS = {
  all: () => true,
  called: (i) => view.call[i] !== "none",
  up: (i) => view.call[i] === "up",
  down: (i) => view.call[i] === "down",
  tested: (i) => !Number.isNaN(view.data.pvalue[i]),
  highlighted: (i) => view.highlighted.has(i),
};

function selectRows() {
  const wanted = document.getElementById("search").value.trim().toLowerCase();
  const filter = FILTERS[document.getElementById("filter").value];
  const rows = [];
  for (let i = 0; i < head.genes; i++) {
    if ((!view.selected || view.selected.has(i)) && filter(i) && (!wanted || genes.key[i].includes(wanted))) rows.push(i);
  }
  const column = columns().find(({ key }) => key === table.sort);
  rows.sort(comparer(column));
  if (wanted) {  // a gene of exactly this name comes first
    const exact = rows.findIndex((i) => genes.name[i].toLowerCase() === wanted || genes.id[i].toLowerCase() === wanted);
    if (exact > 0) rows.unshift(...rows.splice(exact, 1));
  }
  table.rows = rows;
  table.page = 0;
  drawTable();
}

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "onclick") made.addEventListener("click", value);
    else made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

function headerCell(column) {
  const sorted = table.sort === column.key;
  const arrow = sorted ? (table.ascending ? " ↑" : " ↓") : "";
  const button = element("button", { type: "button", "data-key": column.key, onclick: () => sortBy(column.key) }, column.title + arrow);
  const cell = element("th", { scope: "col", "aria-sort": sorted ? (table.ascending ? "ascending" : "descending") : "none" }, button);
  if (typeof column.values[0] !== "string") cell.className = "number";
  return cell;
}

function sortBy(key) {
  if (table.sort === key) table.ascending = !table.ascending;
  else Object.assign(table, { sort: key, ascending: ASCENDING.has(key) });
  selectRows();
  document.querySelector(`#genes thead [data-key="${key}"]`).focus();
}

function drawTable() {
  const shown = columns();
  document.querySelector("#genes thead").replaceChildren(element("tr", {}, ...shown.map(headerCell)));
  const start = table.page * ROWS;
  const rows = table.rows.slice(start, start + ROWS).map((i) => {
    const cells = shown.map((column) => {
      if (column.key === "gene_name") {
        const button = element("button", { type: "button", onclick: () => pickGene(i, true) }, genes.name[i]);
        return element("th", { scope: "row" }, button);
      }
      const cell = element("td", {}, column.text(column.values[i]));
      if (typeof column.values[i] === "number") cell.className = "number";
      if (column.key === "call") cell.className = `${view.call[i]} nowrap`;
      return cell;
    });
    const row = element("tr", {}, ...cells);
    if (i === view.gene) row.className = "picked";
    return row;
  });
  document.querySelector("#genes tbody").replaceChildren(...rows);
  const n = table.rows.length;
  const number = (value) => value.toLocaleString("en");
  document.getElementById("rows").textContent = n
    ? `Genes ${number(start + 1)} to ${number(Math.min(n, start + ROWS))} of ${number(n)}` : "No gene is left by search and filter.";
  document.getElementById("previous").disabled = table.page === 0;
  document.getElementById("next").disabled = start + ROWS >= n;
}

function turnPage(by) {
  table.page += by;
  drawTable();
}

// The displayed rows as a table for the computer: full digits, the column names of results.tsv.gz.
function tableText() {
  const shown = columns();
  // seven digits are what four bytes hold
  const precise = (column, i) => String(column.values instanceof Float32Array ? Number(column.values[i].toPrecision(7)) : column.values[i]);
  const lines = table.rows.map((i) => shown.map((column) => {
    const text = Number.isNaN(column.values[i]) ? "" : precise(column, i);
    return text.replace(/[\t\r\n]/g, " ");
  }).join("\t"));
  return [shown.map(({ key }) => key).join("\t"), ...lines].join("\n") + "\n";
}
