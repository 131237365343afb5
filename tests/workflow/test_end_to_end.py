"""A whole run of the tiny cohort: every output is there, they agree with one another, and with what was planted."""

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys

import anndata as ad
import numpy as np
import pandas as pd
import pytest

FOLD_CHANGES = ("als_vs_control", "motor_vs_control", "men_vs_women")
CONTRASTS = (*FOLD_CHANGES, "any_group")
FIGURES = {
    "contrasts/{contrast}": ("heatmap", "p_histogram"),
    "contrasts/{with_fold_change}": ("volcano", "ma"),
    "models/primary": ("dispersions",),
    "qc": ("quality", "rle", "sex", "purity", "pca", "distances", "associations", "pca_adjusted", "distances_adjusted"),
}
VECTOR_FIGURES = ["qc/pca/group.svg", "qc/pca/sex.svg", "qc/pca/age.svg"]
MAGIC = {"svg": b"<?xml", "png": b"\x89PNG\r\n", "pdf": b"%PDF-"}
RESULT_COLUMNS = [
    *("gene_id", "gene_name", "baseMean", "log2FoldChange", "lfcSE", "stat", "pvalue", "padj"),
    *("log2FoldChange_shrunken", "pvalue_threshold", "padj_threshold", "call_nominal", "call_fdr", "call_strict"),
    "na_reason",
]
COHORT_FILES = [
    *("counts.h5ad", "sources.tsv", "normalised.h5ad", "qc/metrics.tsv", "qc/flags.tsv", "summary.tsv", "ledger.tsv"),
    *(
        "table1.tsv",
        "flow.tsv",
        "run_config.yaml",
        "report.html",
        "results.xlsx",
        "provenance/checksums.tsv",
        "provenance/versions.json",
        "provenance/ro-crate-metadata.json",
        "ro-crate-metadata.json",
    ),
    *("models/primary/fit.h5ad", "models/primary/genes.tsv.gz", "models/primary/samples.tsv"),
    "models/primary/facts.json",
    *("qc/sex.tsv", "qc/pairs.tsv", "qc/scores.tsv", "qc/panels.tsv", "qc/scores_by_group.tsv", "qc/associations.tsv"),
    *("qc/variance.tsv", "qc/groups.tsv", "qc/limits.json"),
]
CONTRAST_FILES = ["statistics.tsv.gz", "status.json", "results.tsv.gz", "called.tsv"]


def read(path, **options):
    """A table of the pipeline; `NA` is a name."""
    return pd.read_csv(path, sep="\t", keep_default_na=False, na_values=[""], **options)


@pytest.fixture(scope="module")
def planted(finished):
    """Counts as given, genes by samples."""
    return read(finished.folder / "data/counts.tsv", index_col=0)


@pytest.fixture(scope="module")
def results(finished):
    """Result table of each contrast."""
    folder = finished.results() / "contrasts"
    return {name: read(folder / name / "results.tsv.gz") for name in CONTRASTS}


def expected_files():
    figures = [
        f"{folder.format(contrast=contrast, with_fold_change=contrast)}/{name}.{kind}"
        for folder, names in FIGURES.items()
        for contrast in (CONTRASTS if "{contrast}" in folder else FOLD_CHANGES if "{" in folder else [""])
        for name in names
        for kind in MAGIC
    ]
    figures += VECTOR_FIGURES
    return {*COHORT_FILES, *(f"contrasts/{name}/{file}" for name in CONTRASTS for file in CONTRAST_FILES), *figures}


def test_every_promised_file_is_there(finished):
    found = {path.removeprefix("tiny/") for path in finished.checksums()}
    assert found >= expected_files()
    assert not [path for path in found if ".tmp." in path or "imported" in path]
    assert not [path for path in found if path.startswith(("contrasts/any_group/volcano", "contrasts/any_group/ma"))]


def test_each_job_keeps_a_log(finished):
    logs = {path.relative_to(finished.results() / "logs").as_posix() for path in finished.results().rglob("*.log")}
    per_contrast = {f"{rule}.{name}.log" for name in CONTRASTS for rule in ("model/test_contrast", "model/call_genes")}
    assert logs >= {"inputs/import_counts.log", "model/fit_model.primary.log", "report/write_report.log", *per_contrast}


def test_figures_are_what_their_names_say(finished):
    for path in expected_files():
        kind = path.rpartition(".")[2]
        if kind in MAGIC:
            content = (finished.results() / path).read_bytes()
            assert content.startswith(MAGIC[kind]), path
            assert len(content) > 1000, path


def test_counts_are_those_of_the_file_by_name_replicates_summed(finished, planted):
    data = ad.read_h5ad(finished.results() / "counts.h5ad")
    sheet = read(finished.folder / "data/samples.tsv")
    assert len(sheet) == 19
    names = sheet["biosample"].fillna(sheet["sample"])
    assert data.obs_names.tolist() == names.drop_duplicates().tolist()
    assert {"001", "NA", "S 3", "4-b", "p.5"} < set(data.obs_names)
    assert data.var_names.tolist() == planted.index.tolist()
    assert data.X.dtype.kind == "i"
    whole = planted.assign(**{"S 3": planted["S 3 lane-1"] + planted["S 3 lane-2"]})
    np.testing.assert_array_equal(data.X, whole[data.obs_names].to_numpy().T)
    assert data.obs["group"].cat.categories.tolist() == ["control", "motor", "als"]
    assert data.var.loc[["MT-CO1", "XIST", "RPS4Y1"], "chromosome"].tolist() == ["MT", "X", "Y"]


def test_results_have_the_columns_and_every_gene_sorted(results, planted):
    for table in results.values():
        assert table.columns.tolist() == RESULT_COLUMNS
        assert table["gene_id"].tolist() == sorted(planted.index)
    for name, table in results.items():
        assert set(table["call_fdr"]) <= ({"up", "down", "none"} if name in FOLD_CHANGES else {"changed", "none"})


def test_empty_p_values_have_a_reason_and_others_none(results):
    for table in results.values():
        assert (table["padj"].isna() == table["na_reason"].notna()).all()
        reasons = table.set_index("gene_id")["na_reason"]
        assert reasons["G.zero"] == "all_zero"
        assert (reasons == "low_count_filter").sum() == 10


def test_called_genes_are_those_of_the_results_strongest_first(finished, results):
    for name, table in results.items():
        called = read(finished.results() / f"contrasts/{name}/called.tsv")
        assert called.columns.tolist() == RESULT_COLUMNS
        assert set(called["gene_id"]) == set(table.loc[table["call_fdr"] != "none", "gene_id"])
        assert called["pvalue"].is_monotonic_increasing
        same = table.set_index("gene_id").loc[called["gene_id"]].reset_index()
        pd.testing.assert_frame_equal(called, same, check_dtype=False)


def test_calls_follow_the_rules_of_the_endpoint(results):
    for table in (results[name] for name in FOLD_CHANGES):
        large = table["log2FoldChange"].abs() >= np.log2(1.5)
        for rule, called in {
            "nominal": large & (table["pvalue"] < 0.05),
            "fdr": large & (table["padj"] < 0.05),
            "strict": table["padj_threshold"] < 0.05,
        }.items():
            assert ((table[f"call_{rule}"] != "none") == called).all()
            assert ((table["log2FoldChange"] > 0) == (table[f"call_{rule}"] == "up"))[called].all()


def test_summary_counts_what_the_results_say(finished, results):
    summary = read(finished.results() / "summary.tsv")
    assert list(zip(summary["contrast"], summary["rule"], strict=True)) == [
        (name, rule) for name in CONTRASTS for rule in ("nominal", "fdr", "strict")
    ]
    assert (summary["headline"] == (summary["rule"] == "fdr")).all()
    evidence = {"nominal": "pvalue", "fdr": "padj", "strict": "padj_threshold"}
    for row in summary.itertuples():
        table = results[row.contrast]
        calls = ("up", "down") if row.contrast in FOLD_CHANGES else ("changed",) if row.rule != "strict" else ()
        assert row.tested == table[evidence[row.rule]].notna().sum()
        for call in ("up", "down", "changed"):
            counted = getattr(row, call)
            assert counted == (table[f"call_{row.rule}"] == call).sum() if call in calls else np.isnan(counted)


def test_planted_changes_are_called_and_nothing_else(results, planted):
    """40 genes 4-fold in ALS, one 8-fold in `motor`, none with sex: contrasts of many, one and no calls run through."""
    up, down, alone = planted.index[1:40:2], planted.index[0:40:2], planted.index[40]

    def called(contrast, direction):
        table = results[contrast]
        return set(table.loc[table["call_fdr"] == direction, "gene_id"])

    assert called("als_vs_control", "up") == set(up)
    assert called("als_vs_control", "down") == set(down)
    assert called("motor_vs_control", "up") == {alone}
    assert called("motor_vs_control", "down") == set()
    assert called("men_vs_women", "up") | called("men_vs_women", "down") == set()
    effects = results["als_vs_control"].set_index("gene_id")["log2FoldChange"]
    # 40 estimates of ±2 with standard errors near 0.12 in 12 samples: their mean is off by 0.02, size factors by a little
    assert effects[up].mean() == pytest.approx(2, abs=0.15)
    assert effects[down].mean() == pytest.approx(-2, abs=0.15)


def test_a_likelihood_ratio_test_finds_what_is_planted_in_any_group(finished, results, planted):
    """The 41 genes that differ between the groups, among few others; without fold changes."""
    table = results["any_group"].set_index("gene_id")
    assert (table.loc[planted.index[:41], "call_fdr"] == "changed").all()
    # of 248 unchanged genes, those with padj < 0.05 are 5 % of the calls: 2 expected, fewer than 11 but for one run in 1e4
    assert (table["call_fdr"] == "changed").sum() < 41 + 11
    empty = ["log2FoldChange", "lfcSE", "log2FoldChange_shrunken", "pvalue_threshold", "padj_threshold", "call_strict"]
    assert table[empty].isna().all(axis=None)
    tested = table[table["pvalue"].notna()]
    # two of the design's four coefficients are left out: chi-square with 2 degrees of freedom has the tail exp(-x/2)
    np.testing.assert_allclose(tested["pvalue"], np.exp(-tested["stat"].clip(lower=0) / 2), rtol=1e-9)
    status = json.loads((finished.results() / "contrasts/any_group/status.json").read_text(encoding="utf-8"))
    assert (status["test"], status["reduced"], status["degrees_of_freedom"]) == ("lrt", "~ sex", 2)
    assert status["samples"] == {"test": 0, "reference": 0, "fit_only": 17, "absent": 1}


def test_shrunken_fold_changes_stand_where_estimates_do_and_are_smaller(results):
    for name in FOLD_CHANGES:
        effect, shrunken = results[name]["log2FoldChange"], results[name]["log2FoldChange_shrunken"]
        assert (effect.isna() == shrunken.isna()).all()
        # the wide prior of the other coefficients moves an effect that is next to nothing by some 1e-4
        assert (shrunken.abs() - effect.abs()).max() < 0.001
    noise = results["men_vs_women"].dropna(subset="pvalue")  # nothing is planted: next to nothing is left
    assert noise["log2FoldChange_shrunken"].abs().median() < 0.2 * noise["log2FoldChange"].abs().median()


def test_a_fit_keeps_what_its_tests_need_and_no_means(finished):
    fit = ad.read_h5ad(finished.results() / "models/primary/fit.h5ad")
    assert fit.X is None
    assert not fit.layers
    assert set(fit.uns["replacements"]) == {"gene", "sample", "count"}
    assert set(fit.varm) == {"coefficients", "covariance"}


def test_ledger_accounts_for_each_row_of_the_sheet(finished):
    sheet = read(finished.folder / "data/samples.tsv")
    ledger = read(finished.results() / "ledger.tsv")
    assert ledger["sheet_row"].tolist() == sheet["sample"].tolist()
    assert ledger["sample"].tolist() == sheet["biosample"].fillna(sheet["sample"]).tolist()
    assert set(ledger["sha256"]) == {hashlib.sha256((finished.folder / "data/counts.tsv").read_bytes()).hexdigest()}
    assert set(ledger["source_file"]) == {"data/counts.tsv"}
    dropped = (ledger["sheet_row"] == "4-b als").to_numpy()
    assert ledger["model:primary"].tolist() == np.where(dropped, "missing sex", "in").tolist()
    for contrast, roles in {
        "als_vs_control": sheet["group"].map({"als": "test", "control": "reference", "motor": "fit_only"}),
        "men_vs_women": sheet["sex"].map({"M": "test", "F": "reference"}),
    }.items():
        assert ledger[f"contrast:{contrast}"].tolist() == roles.where(~dropped, "absent").tolist()
    status = json.loads((finished.results() / "contrasts/als_vs_control/status.json").read_text(encoding="utf-8"))
    assert status["samples"] == {"test": 5, "reference": 6, "fit_only": 6, "absent": 1}


def test_checksums_are_those_of_the_files(finished):
    table = read(finished.results() / "provenance/checksums.tsv")
    made = finished.checksums()
    assert {f"contrasts/{name}/results.tsv.gz" for name in CONTRASTS} <= set(table["path"])
    assert dict(zip("tiny/" + table["path"], table["sha256"], strict=True)).items() <= made.items()


def test_the_manifest_lists_inputs_and_every_file(finished):
    manifest = read(finished.results() / "provenance/manifest.tsv")
    listed = {kind: dict(zip(rows["path"], rows["sha256"], strict=True)) for kind, rows in manifest.groupby("kind")}
    assert listed["input"] == {
        path: hashlib.sha256((finished.folder / path).read_bytes()).hexdigest()
        for path in ("data/counts.tsv", "data/genes.tsv", "data/samples.tsv")
    }
    made = {path: checksum for path, checksum in finished.checksums().items() if not path.endswith(".receipt")}
    del made["tiny/provenance/manifest.tsv"]
    assert {f"tiny/{path}": checksum for path, checksum in listed["output"].items()} == made


def test_report_names_title_contrasts_and_counts(finished):
    page = (finished.results() / "report.html").read_text(encoding="utf-8")
    for words in ("A cohort small enough to run in seconds", "als vs control", "motor vs control", "M vs F"):
        assert words in page
    assert "any effect of group" in page
    assert "Numerics: lateralis engine (numba " in page
    for outside in ('src="http', "src='http", "<link", "<script src"):
        assert outside not in page


def test_nothing_names_the_machine(finished):
    """No path of this machine in any text that is handed on."""
    for path in finished.results().rglob("*"):
        inside = path.relative_to(finished.results()).parts
        if path.is_file() and path.suffix in (".tsv", ".json", ".yaml", ".html", ".svg") and inside[0] != "benchmarks":
            text = path.read_text(encoding="utf-8")
            assert str(finished.folder) not in text, path
            assert str(finished.repo) not in text, path


@pytest.fixture
def busy_machine():
    """Other work on every core."""
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(os.cpu_count())]
    yield
    for other in others:
        other.kill()
        other.wait()


@pytest.mark.slow
def test_two_runs_give_the_same_bytes(fresh, finished, tmp_path, busy_machine):
    """Another folder, number of cores, order of jobs, load, hash seed, language, time zone and file mask."""
    again = fresh.copy(tmp_path / "another place")
    variables = {
        "PYTHONHASHSEED": "4242",
        "TZ": "Pacific/Kiritimati",
        "LANG": "tr_TR.UTF-8",
        "LC_ALL": "C",
        "COLUMNS": "40",
    }
    order = ("--scheduler", "greedy", "--prioritize", "results/tiny/contrasts/men_vs_women/volcano.svg")
    outcome = again.run(*order, cores=1, variables=variables, through=("sh", "-c", 'umask 077; exec "$@"', "sh"))
    assert outcome.status == 0, outcome.output
    assert again.checksums() == finished.checksums()
    assert (again.results() / "report.html").stat().st_mode & 0o077 == 0  # the mask was heard


FAKED = ("faketime", "-m", "2036-02-29 23:50:00")


@pytest.mark.slow
def test_another_day_gives_the_same_bytes(fresh, finished, tmp_path):
    """Pages, workbooks, h5ad, pictures and archives are made on 29 February 2036, as every program of the run sees it."""
    if shutil.which("faketime") is None:
        pytest.skip("faketime is not installed (on Debian: apt install faketime)")
    later, outcome = fresh.copy(tmp_path / "later"), None
    for _ in range(4):  # under faketime Snakemake's threads wait for ever now and then
        with contextlib.suppress(subprocess.TimeoutExpired):
            outcome = later.run("--nolock", through=FAKED, variables={"PYTHONHASHSEED": "1"}, seconds=240)
            break
    assert outcome is not None
    assert outcome.status == 0, outcome.output
    assert list(later.folder.glob(".snakemake/log/2036-02-29*"))
    assert later.checksums() == finished.checksums()
