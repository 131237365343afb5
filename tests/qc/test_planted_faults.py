"""Every fault that the simulated cohort plants is found, over 20 seeds, and hardly a clean sample is failed.

`pytest -m slow -s tests/qc/test_planted_faults.py` prints the rates.
"""

import numpy as np
import pandas as pd
import pytest

from lateralis.config import Variable
from lateralis.inputs.annotation import annotate, read_annotation
from lateralis.inputs.panel_file import read_panels
from lateralis.inputs.simulate.cohorts import simulate_mac2als
from lateralis.inputs.simulate.faults import blank_sex, nest_batch
from lateralis.model.design import design_matrix
from lateralis.model.normalise import estimate_size_factors, principal_components, variance_stabilise
from lateralis.qc.confounding import judge_contrast
from lateralis.qc.metrics import flag_metrics, sample_metrics
from lateralis.qc.pairs import judge_pairs, pair_correlations, pair_flags
from lateralis.qc.panels import flag_scores, score_panels
from lateralis.qc.sex import compare_sex, completed_sex, infer_sex, stated_sex
from lateralis.stages import Checks

SEEDS = range(20)
CONTAMINATIONS = (0.05, 0.10, 0.20)


def all_flags(cohort, sheet):
    counts = cohort.counts.to_numpy().T
    genes = annotate(cohort.counts.index, read_annotation())
    factors = estimate_size_factors(counts).values
    vst = variance_stabilise(counts / factors[:, None], 0.05, 3.0)
    metrics = sample_metrics(counts, genes, vst, principal_components(vst).coordinates, factors, sheet["group"])
    inferred = infer_sex(counts, genes, sheet.index)
    pairs = judge_pairs(
        pair_correlations(vst, genes, sheet[["group", "sex", "batch"]]), sheet.index, sheet["participant"]
    )
    flags = [
        flag_metrics(metrics, Checks()),
        compare_sex(inferred, stated_sex(sheet["sex"], sheet.index)),
        pair_flags(pairs, sheet.index, "identity"),
        panel_flags(cohort, genes, factors),
    ]
    return pd.concat(flags, ignore_index=True), inferred


def panel_flags(cohort, genes, factors):
    scored = score_panels(cohort.counts.to_numpy().T, genes, factors, read_panels("macrophage"), cohort.counts.columns)
    return flag_scores(scored, Checks())


def verdict(flags, sample, check):
    return flags.loc[(flags["sample"] == sample) & (flags["check"] == check), "verdict"].item()


@pytest.mark.slow
def test_every_planted_fault_is_found_and_clean_samples_pass():
    clean, failed, warned = 0, 0, 0
    for seed in SEEDS:
        cohort = simulate_mac2als(np.random.default_rng(seed))
        sheet = cohort.samples.set_index("sample")
        flags, _ = all_flags(cohort, sheet)
        planted = cohort.faults.set_index("fault")["sample"]
        original = cohort.faults.set_index("fault").loc["duplicate", "detail"].rsplit(" ", 1)[1]
        assert verdict(flags, planted["sex_swapped"], "sex") == "fail"
        assert verdict(flags, planted["duplicate"], "identity") == "fail"
        assert verdict(flags, original, "identity") == "fail"
        assert verdict(flags, planted["contaminated"], "purity:t_cell") == "fail"
        assert verdict(flags, planted["failed_library"], "library_size") == "fail"
        others = flags[~flags["sample"].isin([*planted.drop("outlier_count"), original])]
        clean += others["sample"].nunique()
        failed += others.loc[others["verdict"] == "fail", "sample"].nunique()
        warned += others.loc[others["verdict"] == "warn", "sample"].nunique()
    print(f"\nclean samples failed: {failed} of {clean} ({failed / clean:.2%}); with a warning {warned / clean:.2%}")
    assert failed <= 0.01 * clean


@pytest.mark.slow
def test_contamination_is_found_from_five_percent_on():
    genes = None
    found = dict.fromkeys(CONTAMINATIONS, 0)
    for share in CONTAMINATIONS:
        for seed in SEEDS:
            cohort = simulate_mac2als(np.random.default_rng(seed), contamination=share)
            genes = (
                annotate(cohort.counts.index, read_annotation()) if genes is None else genes.loc[cohort.counts.index]
            )
            factors = estimate_size_factors(cohort.counts.to_numpy().T).values
            flags = panel_flags(cohort, genes, factors)
            planted = cohort.faults.set_index("fault")["sample"]["contaminated"]
            found[share] += verdict(flags, planted, "purity:t_cell") in ("warn", "fail")
    print(
        f"\ncontamination found: {', '.join(f'{share:.0%}: {count} of {len(SEEDS)}' for share, count in found.items())}"
    )
    assert found[0.20] == len(SEEDS)
    assert found[0.05] >= 0.9 * len(SEEDS)


@pytest.mark.parametrize("seed", [1, 2])
def test_nested_batches_and_a_sex_that_only_expression_tells_are_found(seed):
    cohort = simulate_mac2als(np.random.default_rng(seed))
    sheet = cohort.samples.set_index("sample")
    genes = annotate(cohort.counts.index, read_annotation())
    inferred = infer_sex(cohort.counts.to_numpy().T, genes, sheet.index)

    def judged(obs, technical, test="carrier", reference="control"):
        obs = obs.assign(group=pd.Categorical(obs["group"]))
        matrix = design_matrix(obs, "~ group", {"group": Variable(type="categorical")}, where="test")
        vector = np.array([{f"group[T.{test}]": 1.0, f"group[T.{reference}]": -1.0}.get(name, 0.0) for name in matrix])
        groups = obs["group"].where(obs["group"].isin([test, reference]))
        return judge_contrast(groups, technical, matrix, vector)

    nested = nest_batch(sheet, "carrier")
    found = judged(nested, nested[["batch"]])
    assert found.status == "refused"
    assert "share no level of batch" in found.reason
    assert judged(nested, nested[["batch"]], test="als").status == "tested"

    blank = blank_sex(sheet, "carrier")
    completed = completed_sex(inferred, stated_sex(blank["sex"], blank.index))
    carriers = (blank["group"] == "carrier").to_numpy()
    assert set(completed.loc[carriers, "source"]) == {"inferred"}
    assert completed.loc[carriers, "sex"].tolist() == sheet.loc[carriers, "sex"].tolist()
    assert judged(blank, completed[["sex"]]).status == "tested"
    # carriers who are all women by expression, beside men by the sheet
    women = (~carriers | (sheet["sex"] == "F").to_numpy()) & (carriers | (sheet["sex"] == "M").to_numpy())
    found = judged(blank[women], completed.loc[women, ["sex"]])
    assert found.status == "refused"
    assert {"carrier: F", "control: M"} == set(found.reason.split("(")[1].split(")")[0].split("; "))
