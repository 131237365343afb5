// Joins the views: a comparison, a rule, thresholds, a gene, and the address that leads to it.

function fillSelect(id, options, chosen) {
  const select = document.getElementById(id);
  select.replaceChildren(...options.map(([value, text]) => new Option(text, value, false, value === chosen)));
}

// The variable that the comparison is about, where it is embedded; else the first with levels.
function startVariable() {
  const variables = head.samples ? head.samples.variables : [];
  const { variable } = head.contrasts[view.contrast];
  const names = byVariables();
  return names.includes(variable) ? variable : names.find((name) => variables.find((each) => each.name === name)?.levels) ?? names[0];
}

function byVariables() {
  if (head.samples) return head.samples.variables.map(({ name }) => name);
  return [...new Set(head.quantiles.groups.map(({ variable }) => variable))];
}

async function setContrast(number) {
  const data = await contrastData(number);
  Object.assign(view, { contrast: number, data, selected: null });
  if (!data.entry.directed && view.rule === "strict") view.rule = "fdr";
  view.remarks = Array.from(data.reason, (code, i) => {
    const badge = data.badge[i] ? data.entry.badges[data.badge[i] - 1] : "";
    return [code ? REASONS[head.naReasons[code]] : "", badge].filter(Boolean).join("; ");
  });
  document.getElementById("contrast").value = String(number);
  document.getElementById("contrast-before").disabled = number === 0;
  document.getElementById("contrast-after").disabled = number === head.contrasts.length - 1;
  for (const id of ["kind-ma", "kind-volcano", "rule-strict"]) document.getElementById(id).disabled = !data.entry.directed;
  if (table.sort !== "pvalue" && !columns().some(({ key }) => key === table.sort)) Object.assign(table, { sort: "pvalue", ascending: true });
  update(true);
  document.documentElement.dataset.contrast = String(number);
}

function update(reset) {
  document.getElementById(`rule-${view.rule}`).checked = true;
  document.getElementById("fold").disabled = view.rule === "strict" || !view.data.entry.directed;
  document.getElementById("alpha-name").textContent = `${EVIDENCE_WORDS[view.rule]} <`;
  document.getElementById("endpoint").hidden = atPreset();
  document.getElementById("unselect").hidden = !view.selected;
  callGenes();
  drawOverview(reset);
  selectRows();
  drawStrip();
}

function pickGene(gene, keepFocus) {
  view.gene = gene;
  history.replaceState(null, "", `#gene=${encodeURIComponent(genes.id[gene])}&contrast=${encodeURIComponent(head.contrasts[view.contrast].name)}`);
  markGenes();
  if (keepFocus) {
    const row = [...document.querySelectorAll("#genes tbody th button")].indexOf(document.activeElement);
    drawTable();
    if (row >= 0) document.querySelectorAll("#genes tbody th button")[row].focus();
  } else drawTable();
  return drawStrip();
}

function highlight() {
  const words = document.getElementById("highlight").value.split(/[\s,;]+/).filter(Boolean);
  const unknown = [];
  view.highlighted = new Set();
  for (const word of words) {
    const at = genes.at.get(word.toLowerCase()) ?? genes.at.get(word.toLowerCase().replace(/\.\d+$/, ""));
    if (at === undefined) unknown.push(word);
    else view.highlighted.add(at);
  }
  const missing = unknown.length ? ` Not among the genes: ${unknown.slice(0, 10).join(", ")}${unknown.length > 10 ? ", …" : ""}.` : "";
  document.getElementById("highlight-words").textContent = words.length ? `${view.highlighted.size} of ${words.length} highlighted.${missing}` : "";
  markGenes();
  selectRows();
}

async function followAddress() {
  const wanted = new URLSearchParams(location.hash.slice(1));
  const named = head.contrasts.findIndex(({ name }) => name === wanted.get("contrast"));
  if (named >= 0 && named !== view.contrast) await setContrast(named);
  const members = (await geneSets()).get(wanted.get("set") ?? "");
  if (members) {
    document.getElementById("highlight").value = members.join(" ");
    document.querySelector(".highlighting").open = true;
    highlight();
    const told = document.getElementById("highlight-words");
    told.textContent = `${wanted.get("set").replace(/^[^/]*\//, "")}: ${told.textContent}`;
    document.getElementById("explore").scrollIntoView();
  }
  const gene = genes.at.get((wanted.get("gene") ?? "").toLowerCase());
  if (gene !== undefined) {
    await pickGene(gene, false);
    document.getElementById("explore").scrollIntoView();
  }
}

function listen(id, event, act) {
  document.getElementById(id)?.addEventListener(event, act);
}

function threshold(id, key, fits) {
  listen(id, "input", (event) => {
    const value = event.target.valueAsNumber;
    const fine = fits(value);
    event.target.setAttribute("aria-invalid", String(!fine));
    if (!fine) return;
    view[key] = value;
    update(false);
  });
}

function wire() {
  listen("contrast", "change", (event) => setContrast(Number(event.target.value)));
  listen("contrast-before", "click", () => setContrast(view.contrast - 1));
  listen("contrast-after", "click", () => setContrast(view.contrast + 1));
  for (const rule of head.rules) listen(`rule-${rule}`, "change", () => { view.rule = rule; update(false); });
  threshold("alpha", "alpha", (value) => value > 0 && value <= 1);
  threshold("fold", "fold", (value) => value >= 1);
  listen("endpoint", "click", () => {
    Object.assign(view, { alpha: head.endpoint.alpha, fold: head.endpoint.foldChange });
    document.getElementById("alpha").value = view.alpha;
    document.getElementById("fold").value = view.fold;
    update(false);
    document.getElementById(`rule-${view.rule}`).focus();
  });
  for (const kind of ["volcano", "ma"]) listen(`kind-${kind}`, "change", () => { overview.kind = kind; drawOverview(true); });
  listen("search", "input", selectRows);
  listen("filter", "change", selectRows);
  listen("unselect", "click", () => {
    view.selected = null;
    overview.points.selected.indices = [];
    document.getElementById("search").focus();
    document.getElementById("unselect").hidden = true;
    selectRows();
  });
  listen("previous", "click", () => turnPage(-1));
  listen("next", "click", () => turnPage(1));
  listen("highlight", "input", highlight);
  for (const id of ["gene-by", "gene-colour", "gene-lines"]) listen(id, "change", drawStrip);
  const name = () => fileName(`${head.cohort}_${view.data.entry.name}`);
  listen("save-table", "click", () => save(`${name()}.tsv`, new Blob([tableText()], { type: "text/tab-separated-values" })));
  for (const kind of ["svg", "png"]) {
    listen(`save-overview-${kind}`, "click", () => saveChart("overview", kind, `${name()}_${overviewAxes().name}`));
    listen(`save-gene-${kind}`, "click", () => saveChart("gene-chart", kind, fileName(`${head.cohort}_${genes.name[view.gene]}`)));
    listen(`save-pca-${kind}`, "click", () => saveChart("pca-chart", kind, fileName(`${head.cohort}_pca`)));
  }
  listen("copy-methods", "click", async () => {
    const text = document.getElementById("methods-text").innerText;
    const told = document.getElementById("copied");
    try {
      await navigator.clipboard.writeText(text);
      told.textContent = "Copied.";
    } catch {
      getSelection().selectAllChildren(document.getElementById("methods-text"));
      told.textContent = "The text is selected: copy it with the keyboard.";
    }
  });
  addEventListener("hashchange", followAddress);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", dressAll);
}

function dressAll() {
  for (const { figure } of charts.values()) dressed(figure);
  overview.texts.glyph.text_color = { value: themeColour("ink") };
  for (const renderer of strip.inked) renderer.glyph.line_color = { value: themeColour("ink") };
  update(false);
  if (pca.figure) drawPca();
}

async function start() {
  await loadGenes();
  fillSelect("contrast", head.contrasts.map((entry, k) => [String(k), contrastText(entry)]), "0");
  view.rule = head.endpoint.headline;
  await makeOverview();
  await makeStrip();
  view.data = await contrastData(0);
  fillSelect("gene-by", byVariables().map((name) => [name, name]), startVariable());
  if (head.samples) fillSelect("gene-colour", head.samples.variables.map(({ name }) => [name, name]), startVariable());
  wire();
  await setContrast(0);
  if (table.rows.length) {
    view.gene = table.rows[0];
    markGenes();
    drawTable();
    await drawStrip();
  }
  if (head.samples) await makePca();
  await followAddress();
  document.documentElement.dataset.ready = "yes";
}

function contrastText({ label, tested, headline, called }) {
  return `${label} (${called.toLocaleString("en")} called of ${tested[headline].toLocaleString("en")})`;
}

try {
  await start();
} catch (error) {
  failed(error);
}
await loadFigures();
