"""The data of the linked views: what they hold is what the results hold, and what must not be there is not."""

import json

import numpy as np
import pandas as pd
import pytest
from explored_samples import explored, made_explorer

from lateralis.model.endpoint import RULES
from lateralis.report.arrays import unpack, unpack_bytes
from lateralis.report.explorer import CALLS, NA_REASONS, group_quantiles, printable_means


def genes_of(explorer):
    lines = unpack_bytes(explorer.blocks["genes"]).decode().split("\n")
    return pd.DataFrame([line.split("\t") for line in lines], columns=["gene_id", "gene_name", "biotype"])


def test_blocks_hold_the_results_in_the_order_of_the_genes(given):
    explorer = made_explorer(given)
    ids = genes_of(explorer)["gene_id"]
    results = given["contrasts"][0]["results"].set_index("gene_id").loc[ids]
    singles = unpack(explorer.blocks["singles0"], "f4", (5, 400))
    doubles = unpack(explorer.blocks["doubles0"], "f8", (3, 400))
    for row, column in zip(
        singles, ["baseMean", "stat", "log2FoldChange", "lfcSE", "log2FoldChange_shrunken"], strict=True
    ):
        np.testing.assert_allclose(row, results[column], rtol=3e-7, err_msg=column)
    for row, column in zip(doubles, ["pvalue", "padj", "padj_threshold"], strict=True):
        np.testing.assert_array_equal(row, results[column], err_msg=column)
    codes = unpack(explorer.blocks["codes0"], "u1", (5, 400))
    for row, rule in zip(codes, RULES, strict=False):
        assert [CALLS[code] for code in row] == results[f"call_{rule}"].tolist()
    assert [NA_REASONS[code] for code in codes[3]] == results["na_reason"].tolist()


def test_counts_come_back_by_falling_mean(given):
    samples = explored()
    explorer = made_explorer(given, samples)
    counts = np.concatenate(
        [unpack(explorer.blocks["values0"], "u4", (256, 12)), unpack(explorer.blocks["values1"], "u4", (144, 12))]
    )
    at = [int(name[4:]) for name in genes_of(explorer)["gene_id"]]
    np.testing.assert_array_equal(counts, samples.values[:, at].T)
    assert (np.diff(counts.mean(axis=1)) <= 1e-9).all()
    assert explorer.head["samples"]["names"][0] == "S001"


def test_p_values_that_underflow_keep_their_height(given):
    results = given["contrasts"][0]["results"]
    results.loc[results.index[20], ["pvalue", "stat"]] = [0.0, 60.0]
    given["contrasts"] = [given["contrasts"][0] | {"results": results}]
    ((at, height),) = made_explorer(given).head["contrasts"][0]["minute"].items()
    assert genes_of(made_explorer(given))["gene_id"][int(at)] == "ENSG00020"
    assert height == pytest.approx((60**2 / 2 + np.log(60 * np.sqrt(2 * np.pi)) - np.log(2)) / np.log(10), rel=1e-3)


def test_badges_are_numbered(given):
    given["contrasts"][0]["badges"] = {"ENSG00012": "robust", "ENSG00013": "one_sample_driven"}
    explorer = made_explorer(given)
    codes = unpack(explorer.blocks["codes0"], "u1", (5, 400))[4]
    named = {gene: code for gene, code in zip(genes_of(explorer)["gene_id"], codes, strict=True) if code}
    assert explorer.head["contrasts"][0]["badges"] == ["one sample driven", "robust"]
    assert named == {"ENSG00012": 2, "ENSG00013": 1}


def test_without_points_there_is_no_value_of_a_participant(given):
    explorer = made_explorer(given, points=False)
    assert not any(name.startswith("values") for name in explorer.blocks)
    assert explorer.head["samples"] is None
    assert "S001" not in json.dumps(explorer.head)


def test_quantiles_are_those_of_the_group_in_tenths(given):
    samples = explored(smallest_group=6)
    groups, table = group_quantiles(samples, np.arange(400))
    assert [(group["variable"], group["level"], group["samples"]) for group in groups] == [
        ("group", "als", 7), ("sex", "F", 6), ("sex", "M", 6),
    ]  # fmt: skip
    logs = np.log2(samples.values[5:] / samples.size_factors[5:, None] + 1)
    expected = np.quantile(logs, [0.1, 0.25, 0.5, 0.75, 0.9], axis=0)
    assert np.abs(table[0] / 10 - expected).max() <= 0.05 + 1e-9
    assert table.dtype == np.uint8


def test_quantiles_are_of_enough_people():
    samples = explored(smallest_group=4, repeated=True)  # two samples of each of six
    groups, _ = group_quantiles(samples, np.arange(400))
    assert [(group["variable"], group["level"]) for group in groups] == [("group", "als"), ("sex", "F"), ("sex", "M")]


def test_detail_goes_step_by_step_until_the_page_fits(given):
    results = given["contrasts"][0]["results"]
    small = int((results["padj"] < 0.1).sum())
    whole = made_explorer(given)
    sizes = []
    for largest, counted, words in (
        (np.inf, 400, ""),
        (whole.size - 1, small + 1, "only of genes with padj < 0.1"),
        (None, 2, "only of the genes in report.genes"),
        (0, 0, "of no gene"),
    ):
        found = made_explorer(
            given, genes=["NAME3", "ENSG00200"], largest=sizes[-1] - 1 if largest is None else largest
        )
        assert found.head["counted"] in (counted, counted + 1), words
        assert words in found.left_out
        assert (found.head["quantiles"] is None) == (counted == 400)
        sizes.append(found.size)
    kept = made_explorer(given, genes=["NAME3"], largest=whole.size - 1)
    assert "NAME3" in genes_of(kept)["gene_name"][: kept.head["counted"]].tolist()


def test_log_intensities_are_floats(given):
    samples = explored(log2=True)
    explorer = made_explorer(given, samples)
    assert unpack(explorer.blocks["values0"], "f4", (256, 12)).max() == samples.values.max()


def test_means_print_by_size():
    rng = np.random.default_rng(2)
    values = np.concatenate([10 ** rng.uniform(-3, 8, 5000), [0.99999999, 999.99999999, np.nan]])
    found = printable_means(values).astype(float)

    def text(value):
        return f"{value:.3e}" if value >= 1e7 else f"{value:.{3 if value < 1 else 1 if value < 1e3 else 0}f}"

    assert [text(value) for value in values] == [text(value) for value in found]


def test_the_same_findings_give_the_same_bytes(given):
    first, second = made_explorer(given), made_explorer(given)
    assert first.blocks == second.blocks
    assert json.dumps(first.head) == json.dumps(second.head)
