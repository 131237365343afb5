"""Simulated cohorts: what the truth table says is what the counts show, and the planted faults are there to find."""

import re
import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from simulated_measures import by_symbol, normalised, size_factors, slope, truth_of
from snakemake.iocontainers import Namedlist

from lateralis.errors import InputError
from lateralis.inputs.annotation import read_annotation
from lateralis.inputs.simulate import panels
from lateralis.inputs.simulate.cohorts import simulate_cohort
from lateralis.inputs.simulate.sheets import simulate_sheet
from lateralis.io import read_table

SCRIPT = Path(__file__).parents[2] / "scripts" / "simulate_cohort.py"


def fault(cohort, name):
    return cohort.faults.set_index("fault").loc[name]


def healthy_samples(cohort):
    return ~cohort.samples["sample"].isin(cohort.faults["sample"]).to_numpy()


def assert_same(one, other):
    for table in ("counts", "samples", "truth", "faults"):
        pd.testing.assert_frame_equal(getattr(one, table), getattr(other, table), check_exact=True)


def test_the_same_seed_gives_the_same_cohort(mac2als, imodals):
    assert_same(mac2als, simulate_cohort("mac2als", 7))
    assert not simulate_cohort("imodals", 8).counts.equals(imodals.counts)


@pytest.mark.parametrize("name", ["mac2als", "mirocals", "imodals"])
def test_sheet_alone_is_the_sheet_of_the_cohort(name, request):
    cohort = request.getfixturevalue(name)
    pd.testing.assert_frame_equal(simulate_sheet(name, 7), cohort.samples.astype(str), check_dtype=False)


def test_unknown_design_names_the_built_in_ones():
    with pytest.raises(InputError, match="'mac2als', 'mirocals', 'imodals'"):
        simulate_cohort("mac3als", 1)


@pytest.mark.parametrize(
    ("name", "shape"), [("mac2als", (20_000, 180)), ("mirocals", (8_000, 180)), ("imodals", (8_000, 108))]
)
def test_counts_are_whole_numbers_of_known_genes(name, shape, request):
    cohort = request.getfixturevalue(name)
    assert cohort.counts.shape == shape
    assert (cohort.counts.dtypes == np.int64).all()
    assert cohort.counts.to_numpy().min() == 0
    assert list(cohort.counts.columns) == list(cohort.samples["sample"])
    assert list(cohort.counts.index) == list(cohort.truth["gene_id"])
    assert cohort.counts.index.is_unique and cohort.truth["gene_name"].is_unique
    shipped = read_annotation().loc[cohort.counts.index]
    assert list(shipped["gene_name"]) == list(cohort.truth["gene_name"])
    assert not set(cohort.samples["participant"]) & {*cohort.counts.index, *cohort.counts.columns}


# --- mac2als ---------------------------------------------------------------------------------------------------------


def test_mac2als_sheet_is_the_study_design(mac2als):
    sheet = mac2als.samples
    assert list(sheet.columns) == [
        "sample", "participant", "family", "group", "sex", "age", "batch", "diagnosis", "gene_mutation",
        "riluzole",
    ]  # fmt: skip
    assert sheet["group"].value_counts().to_dict() == {"als": 80, "carrier": 18, "motor": 40, "control": 42}
    assert sheet["participant"].is_unique and sheet["sample"].is_unique
    assert all(re.fullmatch(r"M2A\d{3}", sample) for sample in sheet["sample"])
    per_batch = pd.crosstab(sheet["group"], sheet["batch"])
    assert per_batch.shape == (4, 4)
    assert (per_batch.max(axis=1) - per_batch.min(axis=1) <= 1).all()
    ages = sheet.groupby("group")["age"].mean()
    assert abs(ages["carrier"] - 45) < 3 * 10 / np.sqrt(18)
    assert abs(ages["als"] - 62) < 3 * 10 / np.sqrt(80)
    assert sheet.loc[sheet["group"] == "motor", "diagnosis"].nunique() == 16
    assert set(sheet.loc[sheet["group"] == "als", "diagnosis"]) == {"sALS", "fALS"}
    # Groups follow each other at random: no run of one group is a block.
    assert (sheet["group"] != sheet["group"].shift()).sum() > 90


def test_mac2als_relatives_share_family_and_mutation(mac2als):
    sheet = mac2als.samples
    families = sheet[sheet["family"] != ""].groupby("family")
    assert families.size().min() >= 2
    assert (families["gene_mutation"].nunique() == 1).all()
    with_patient = families["group"].agg(lambda groups: {"als", "carrier"} <= set(groups))
    assert with_patient.sum() == 10
    mutated = sheet["gene_mutation"] != "none"
    assert mutated[(sheet["group"] == "carrier") | (sheet["diagnosis"] == "fALS")].all()
    assert not mutated[sheet["group"].isin(["motor", "control"])].any()


def test_mac2als_looks_like_macrophages(mac2als):
    counts, symbols = mac2als.counts, mac2als.truth["gene_name"]
    healthy = counts.loc[:, healthy_samples(mac2als)]
    tested = ((counts >= 10).sum(axis=1) >= 18).mean()
    assert 0.60 < tested < 0.66
    share = healthy[symbols.str.startswith("MT-").to_numpy()].sum() / healthy.sum()
    assert share.min() > 0.025 and share.max() < 0.09
    expected = mac2als.truth["baseline_mean"].sum()
    assert expected == pytest.approx(25e6, rel=1e-9)
    depth = np.log(healthy.sum() / 25e6)
    assert abs(depth.mean()) < 4 * 0.3 / np.sqrt(depth.size)
    assert 0.24 < depth.std() < 0.36
    levels = by_symbol(mac2als).median(axis=1)
    markers = ["CD14", "CD68", "CSF1R", "MRC1", "CD163", "MSR1", "ITGAM", "AIF1", "MERTK"]
    assert (levels[markers] > 1_000).all()
    assert (levels[list(panels.RED_CELL)] < 50).all()
    assert (levels[["CD3D", "CD3E", "CD2", "TRAC", "IL7R", "CD19", "GNLY", "FCGR3B", "PF4", "COL1A1"]] < 50).all()


def test_size_factors_follow_library_sizes(mac2als):
    factors, libraries = np.log(size_factors(mac2als.counts)), np.log(mac2als.counts.sum())
    healthy = healthy_samples(mac2als)
    fit = np.polyfit(libraries[healthy], factors[healthy], 1)
    # The share of the reads that a few high genes take moves from sample to sample by some 3 %.
    assert fit[0] == pytest.approx(1.0, abs=0.03)
    assert np.corrcoef(libraries[healthy], factors[healthy])[0, 1] > 0.99


@pytest.mark.parametrize("group", ["als", "carrier", "motor"])
def test_mac2als_group_effects_are_the_true_ones(mac2als, group):
    truth, levels = truth_of(mac2als), normalised(mac2als)
    expressed = (truth["baseline_mean"] > 50) & (truth["log2fc_sex"].abs() < 1)
    groups, healthy = mac2als.samples["group"].to_numpy(), healthy_samples(mac2als)
    means = {name: levels.loc[expressed, (groups == name) & healthy].mean(axis=1) for name in (group, "control")}
    estimated = np.log2(means[group] / means["control"])
    true = truth.loc[expressed, f"log2fc_{group}"]
    assert slope(estimated[true != 0], true[true != 0]) == pytest.approx(1.0, abs=0.05)
    assert abs(estimated[true == 0].median()) < 0.05
    assert true[true != 0].abs().between(0.4, 2.0).all()


def test_mac2als_programmes_show_where_they_should(mac2als):
    truth = mac2als.truth
    shown = (truth[["log2fc_als", "log2fc_carrier", "log2fc_motor"]] != 0).apply(tuple, axis=1)
    expected = {
        "": (False, False, False),
        "als_specific": (True, False, False),
        "als_and_motor": (True, False, True),
        "als_and_carrier": (True, True, False),
    }
    assert (shown == truth["programme"].map(expected)).all()
    sizes = truth["programme"].value_counts()
    assert (sizes.drop("") >= 200).all()
    for programme in sizes.index.drop(""):
        signs = np.sign(truth.loc[truth["programme"] == programme, "log2fc_als"])
        assert (signs > 0).sum() >= 70 and (signs < 0).sum() >= 70
    named = truth.set_index("gene_name")
    assert (named.loc[["TREM2", "APOE", "SPP1", "GPNMB"], "programme"] == "als_specific").all()
    assert (named.loc[["IFIT1", "ISG15", "MX1", "OAS1"], "programme"] == "als_and_carrier").all()
    assert (named.loc[["IL1B", "TNF", "NFKBIA"], "log2fc_motor"] > 0).all()
    assert (named.loc[["CX3CR1", "FOLR2"], "log2fc_als"] < 0).all()


def test_mac2als_dispersions_are_the_true_ones(mac2als):
    truth = truth_of(mac2als)
    in_expressing_sex = truth["baseline_mean"] * np.exp2(truth["log2fc_sex"].clip(lower=0))
    trend = 3.0 / in_expressing_sex + 0.06
    scatter = np.log(truth["dispersion"] / trend)
    assert abs(scatter.mean()) < 4 * 0.5 / np.sqrt(scatter.size)
    assert scatter.std() == pytest.approx(0.5, rel=0.03)

    # Moment estimate of alpha around the true means: E[(K - mu)² - mu] = alpha mu².
    chosen = truth["baseline_mean"].between(100, 5_000) & (truth["log2fc_sex"] == 0)
    healthy, sheet = healthy_samples(mac2als), mac2als.samples
    age = (sheet["age"] - sheet["age"].mean()) / sheet["age"].std()
    covariates = {f"log2fc_{group}": sheet["group"] == group for group in ("als", "carrier", "motor")}
    covariates |= {f"log2fc_batch_{batch}": sheet["batch"] == batch for batch in ("b2", "b3", "b4")}
    covariates |= {"log2fc_age_per_sd": age}
    shift = sum(np.outer(truth.loc[chosen, name], values[healthy]) for name, values in covariates.items())
    relative = truth.loc[chosen, "baseline_mean"].to_numpy()[:, None] * np.exp2(shift)
    counts = mac2als.counts.loc[chosen, healthy].to_numpy()
    mu = relative * np.median(counts / relative, axis=0)
    mu *= counts.mean() / mu.mean()
    estimated = (((counts - mu) ** 2 - mu) / mu**2).mean(axis=1)
    # About 7,000 genes with 176 samples each: the standard error of the mean ratio is below 1 %; depth is estimated.
    assert np.mean(estimated / truth.loc[chosen, "dispersion"]) == pytest.approx(1.0, abs=0.04)
    assert np.corrcoef(np.log(estimated), np.log(truth.loc[chosen, "dispersion"]))[0, 1] > 0.9


def test_mac2als_batches_shift_genes_together(mac2als):
    truth, levels, sheet = truth_of(mac2als), normalised(mac2als), mac2als.samples
    expressed = (truth["baseline_mean"] > 200) & (truth["log2fc_sex"] == 0)
    healthy = healthy_samples(mac2als)
    logs = np.log2(levels.loc[expressed, healthy] + 1)
    means = logs.T.groupby(sheet["batch"].to_numpy()[healthy]).mean().T
    for batch in ("b2", "b3", "b4"):
        true = truth.loc[expressed, f"log2fc_batch_{batch}"]
        estimated = means[batch] - means["b1"]
        assert slope(estimated - estimated.mean(), true - true.mean()) == pytest.approx(1.0, abs=0.1)
    # Two hidden factors carry the three shifts: the third direction has little left.
    strengths = np.linalg.svd(truth.filter(like="log2fc_batch_").to_numpy(), compute_uv=False)
    assert strengths[2] < 0.5 * strengths[1]


def test_swapped_sample_is_the_only_one_whose_sex_differs(mac2als):
    levels, sheet = by_symbol(mac2als), mac2als.samples
    looks_male = (levels.loc["XIST"] < levels.loc["RPS4Y1"]).to_numpy()
    differing = sheet.loc[looks_male != (sheet["sex"] == "M"), "sample"]
    assert list(differing) == [fault(mac2als, "sex_swapped")["sample"]]
    assert sheet.set_index("sample").loc[differing.iloc[0], "sex"] == "F"
    assert (levels.loc["XIST", ~looks_male] > 100 * levels.loc["XIST", looks_male].mean()).all()


def test_contaminated_sample_has_t_cell_genes_in_the_planted_share(mac2als):
    levels = by_symbol(mac2als)
    score = np.log2(levels.loc[list(panels.T_CELL)] + 1).mean().sort_values()
    contaminated = fault(mac2als, "contaminated")["sample"]
    assert score.index[-1] == contaminated
    assert score.iloc[-1] > score.iloc[-2] + 3
    pure = pd.Series(panels.T_CELL)
    shown = levels.loc[pure.index, contaminated] / pure
    # 22 genes, each with a biological variation of some 25 to 35 % and a batch shift of some 20 %: 9 % standard error.
    assert shown.mean() == pytest.approx(0.15, rel=0.25)


def test_failed_library_is_shallow_but_not_empty(mac2als):
    libraries = mac2als.counts.sum().sort_values()
    assert libraries.index[0] == fault(mac2als, "failed_library")["sample"]
    assert 0.25e6 < libraries.iloc[0] < 0.65e6
    assert libraries.iloc[1] > 8e6


def test_outlier_count_sits_in_a_gene_without_effect(mac2als):
    planted = fault(mac2als, "outlier_count")
    gene = planted["detail"].split()[0]
    assert mac2als.counts.loc[gene, planted["sample"]] == 200_000
    assert mac2als.counts.loc[gene].drop(planted["sample"]).max() < 5_000
    row = truth_of(mac2als).loc[gene]
    assert row["programme"] == ""
    assert (row[["log2fc_als", "log2fc_carrier", "log2fc_motor", "log2fc_sex"]] == 0).all()


def test_faults_are_five_samples_and_not_in_the_sheet(mac2als):
    assert list(mac2als.faults["fault"]) == [
        *("sex_swapped", "contaminated", "failed_library", "outlier_count", "duplicate")
    ]
    assert mac2als.faults["sample"].is_unique
    assert set(mac2als.faults["sample"]) <= set(mac2als.samples["sample"])


# --- the rule's script -----------------------------------------------------------------------------------------------


def test_script_writes_the_cohort_the_same_each_time(tmp_path, imodals):
    names = {"counts": "counts.tsv.gz", "samples": "samples.tsv", "truth": "truth.tsv.gz", "faults": "faults.tsv"}
    folders = [tmp_path / "first", tmp_path / "second"]
    for folder in folders:
        folder.mkdir()
        snakemake = SimpleNamespace(
            params=SimpleNamespace(design="imodals", seed=7),
            input=Namedlist(),
            output=Namedlist(fromdict={key: str(folder / name) for key, name in names.items()}),
            log=[str(folder / "log.txt")],
        )
        runpy.run_path(str(SCRIPT), init_globals={"snakemake": snakemake})
    for name in names.values():
        assert (folders[0] / name).read_bytes() == (folders[1] / name).read_bytes()
    written = read_table(folders[0] / "counts.tsv.gz", index_col="gene_id")
    pd.testing.assert_frame_equal(written, imodals.counts, check_names=False)
    pd.testing.assert_frame_equal(read_table(folders[0] / "samples.tsv"), imodals.samples, check_dtype=False)
    truth = read_table(folders[0] / "truth.tsv.gz").fillna({"programme": ""})
    pd.testing.assert_frame_equal(truth, imodals.truth, check_dtype=False, check_exact=True)
    assert (folders[0] / "faults.tsv").read_text() == "sample\tfault\tdetail\n"
    log = (folders[0] / "log.txt").read_text()
    assert "8000 genes, 108 samples" in log
    assert "I001" not in log
