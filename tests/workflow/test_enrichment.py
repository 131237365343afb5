"""Enrichment as a user asks for it: what comes out of a cohort, what a bad file leads to, and what a second run does."""

import gzip

import numpy as np
import pandas as pd
import pytest
from tiny_cohort import N_CHANGED

from lateralis.biology.enrichment import CONTRAST_COLUMNS, PATHWAY_COLUMNS
from lateralis.io import read_table

pytestmark = pytest.mark.slow

CONTRASTS = ["als_vs_control", "motor_vs_control", "men_vs_women"]
FOLDER = "results/tiny/enrichment"
FIGURES = [f"{name}.{kind}" for name in ("dotplot", "running") for kind in ("svg", "png", "pdf")]


def genes_of_tiny():
    """Ids in the order of the tiny cohort's counts: the first 40 change in ALS, by turns down and up."""
    return [f"G{number:03d}" for number in np.random.default_rng(20).permutation(294)]


def gene_sets():
    """A GMT of one set up in ALS, one down, some others, one too small and one of genes that nobody knows."""
    genes = genes_of_tiny()
    sets = {
        "rises": genes[1:N_CHANGED:2],
        "falls": genes[0:N_CHANGED:2],
        **{f"other {number}": genes[120 + 15 * number : 135 + 15 * number] for number in range(8)},
        "small": genes[:4],
        "unknown": [f"OLD{number}" for number in range(12)],
    }
    return "".join("\t".join([name, f"about {name}", *members]) + "\n" for name, members in sets.items())


def ask(workspace, gmt, **more):
    """Ask for enrichment with a file of gene sets."""
    (workspace.folder / "data/sets.gmt").write_text(gmt, encoding="utf-8")
    asked = {"gene_sets": {"made": {"path": "data/sets.gmt"}}, "permutations": 200, **more}
    workspace.write_cohort(workspace.cohort() | {"enrichment": asked})


@pytest.fixture(scope="module")
def enriched(finished, tmp_path_factory):
    """A finished run that was asked for enrichment, with a network."""
    workspace = finished.copy(tmp_path_factory.mktemp("enriched") / "work")
    rows = [f"TF\t{gene}\t{1 if number % 2 else -1}" for number, gene in enumerate(genes_of_tiny()[:N_CHANGED])]
    (workspace.folder / "data/net.tsv").write_text("\n".join(["source\ttarget\tweight", *rows, ""]))
    ask(workspace, gene_sets(), network={"path": "data/net.tsv"})
    outcome = workspace.run(FOLDER)
    assert outcome.status == 0, outcome.output
    assert outcome.jobs == {"enrich_pathways": 1}
    return workspace


def test_tables(enriched):
    folder = enriched.folder / FOLDER
    pathways = read_table(folder / "pathways.tsv")
    assert list(pathways.columns) == list(PATHWAY_COLUMNS)
    assert pathways["contrast"].drop_duplicates().to_list() == CONTRASTS  # not the likelihood-ratio test
    assert len(pathways) == 3 * 10
    als = pathways[pathways["contrast"] == "als_vs_control"].set_index("set")
    assert als.loc[["rises", "falls"], "direction"].to_list() == ["up", "down"]
    assert als.loc[["rises", "falls"], "verdict"].to_list() == ["significant"] * 2
    assert set(als.loc["rises", "leading_edge"].split(",")) <= set(genes_of_tiny()[1:N_CHANGED:2])
    assert (pathways.loc[pathways["contrast"] == "men_vs_women", "verdict"] != "significant").all()

    sets = read_table(folder / "gene_sets.tsv").set_index("set")
    assert sets.loc["small", ["used", "reason"]].to_list() == [0, "fewer than min_size 10 tested genes"]
    assert sets.loc["unknown", ["genes", "matched", "tested"]].to_list() == [12, 0, 0]
    assert sets.loc["rises", ["description", "used"]].to_list() == ["about rises", 3]
    sources = read_table(folder / "sources.tsv")
    assert sources.loc[0, ["collection", "file", "sets"]].to_list() == ["made", "data/sets.gmt", 12]
    members = read_table(folder / "members.tsv.gz")
    assert set(members["set"]) == set(sets.index[sets["used"] > 0])
    overview = read_table(folder / "contrasts.tsv")
    assert list(overview.columns) == list(CONTRAST_COLUMNS)
    results = read_table(enriched.results() / "contrasts/als_vs_control/results.tsv.gz")
    assert overview.loc[0, "genes"] == results["pvalue"].notna().sum()
    assert overview.loc[0, "called_up"] == (results["call_fdr"] == "up").sum()


def test_one_folder_a_contrast(enriched):
    for name in CONTRASTS:
        folder = enriched.folder / FOLDER / name
        found = {path.name for path in folder.iterdir()}
        assert found == {"gsea.tsv", "camera.tsv", "ora.tsv", "activity.tsv", *FIGURES}
        assert len(read_table(folder / "ora.tsv")) == 3 * len(read_table(folder / "camera.tsv")) == 30
    activity = read_table(enriched.folder / FOLDER / "als_vs_control/activity.tsv")
    assert activity[["source", "n_targets"]].to_numpy().tolist() == [["TF", 40]]
    assert activity["score"].item() > 5


def test_same_bytes_on_one_core(enriched, tmp_path):
    again = enriched.copy(tmp_path / "work")
    before = again.checksums()
    outcome = again.run("--forcerun", "enrich_pathways", "--", FOLDER, cores=1)
    assert outcome.status == 0, outcome.output
    assert again.checksums() == before


def test_what_reruns(enriched, tmp_path):
    workspace = enriched.copy(tmp_path / "work")
    assert workspace.planned(FOLDER) == {}
    cohort = workspace.cohort()
    cohort["enrichment"]["min_size"] = 12
    workspace.write_cohort(cohort)
    assert workspace.planned(FOLDER) == {"enrich_pathways": 1}


def test_a_refused_contrast_has_empty_tables(enriched, tmp_path):
    """Tables of a header only and a reason in status.json, as `test_contrast` leaves them: the other contrasts go on."""
    workspace = enriched.copy(tmp_path / "work")
    status = workspace.results() / "contrasts/motor_vs_control"
    empty = read_table(status / "results.tsv.gz").iloc[:0]
    script = workspace.folder / "refuse.py"
    script.write_text(
        "import json, pathlib, sys\n"
        f"sys.path.insert(0, {str(workspace.repo / 'scripts')!r})\n"
        "from lateralis.io import read_json, write_json, write_text\n"
        "from lateralis.receipts import check_inputs, write_receipts\n"
        f"folder = {str(status)!r}\n"
        "state = read_json(folder + '/status.json') | {'status': 'refused', 'reason': 'groups share no sex'}\n"
        "write_json(folder + '/status.json', state)\n"
        f"write_text(folder + '/results.tsv.gz', {chr(9).join(empty.columns)!r} + '\\n')\n"
        "write_receipts([folder + '/status.json'], {})\n"
        "write_receipts([folder + '/results.tsv.gz'], {})\n"
    )
    assert workspace.script(str(script)).status == 0
    outcome = workspace.run("--rerun-triggers", "mtime", "--", FOLDER)
    assert outcome.status == 0, outcome.output
    folder = workspace.folder / FOLDER
    assert set(read_table(folder / "pathways.tsv")["contrast"]) == {"als_vs_control", "men_vs_women"}
    overview = read_table(folder / "contrasts.tsv").set_index("contrast")
    assert overview.loc["motor_vs_control", ["genes", "sets", "reason"]].to_list() == [0, 0, "groups share no sex"]
    for name in ("gsea", "camera", "ora", "activity"):
        assert read_table(folder / f"motor_vs_control/{name}.tsv").empty
    assert b"No gene set is tested: groups share no sex." in (folder / "motor_vs_control/dotplot.svg").read_bytes()


@pytest.mark.parametrize(
    ("gmt", "message"),
    [
        ("", "data/sets.gmt: is empty"),
        ("one\tx\tG001\none\tx\tG002\n", "data/sets.gmt, line 2: a second set is named 'one'; the first is on line 1."),
        ("one\tx\t" + "\t".join(str(n) for n in range(40)) + "\n", "it holds Entrez gene numbers"),
    ],
)
def test_a_bad_file_is_one_sentence(enriched, tmp_path, gmt, message):
    workspace = enriched.copy(tmp_path / "work")
    before = {path: text for path, text in workspace.checksums().items() if "/enrichment/" in path}
    (workspace.folder / "data/sets.gmt").write_bytes(gzip.compress(gmt.encode()) if gmt else b"")
    outcome = workspace.run(FOLDER)
    assert outcome.status != 0
    assert message in outcome.output and "Traceback" not in outcome.output
    left = {path: text for path, text in workspace.checksums().items() if "/enrichment/" in path}
    assert left in ({}, before)  # Snakemake takes the folder of a failed job away


def test_log_intensities(enriched, tmp_path):
    """Values on a log scale: tests are Student's, and there is nothing else to it."""
    workspace = enriched.copy(tmp_path / "work")
    counts = pd.read_csv(workspace.folder / "data/counts.tsv", sep="\t", index_col=0, keep_default_na=False)
    np.log2(counts + 1).round(4).to_csv(workspace.folder / "data/counts.tsv", sep="\t")
    cohort = workspace.cohort()
    cohort["assay"] = "log_intensity"
    cohort["samples"].pop("replicate_of")
    for name in ("outliers", "filter"):
        cohort.pop(name, None)
    workspace.write_cohort(cohort)
    outcome = workspace.run(FOLDER)
    assert outcome.status == 0, outcome.output
    pathways = read_table(workspace.folder / FOLDER / "pathways.tsv")
    als = pathways[pathways["contrast"] == "als_vs_control"].set_index("set")
    assert als.loc[["rises", "falls"], "direction"].to_list() == ["up", "down"]
    assert als.loc[["rises", "falls"], "verdict"].to_list() == ["significant"] * 2
