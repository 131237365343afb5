from lateralis.report.methods import REFERENCES, methods_text
from lateralis.report.payload import build_payload


def test_methods_state_what_ran(given):
    text = " ".join(methods_text(build_payload(**given)))
    for fact in (
        "counts of 176 samples",
        "~ batch + sex + group",
        "Of 20,000 genes, 15,123 had at least 10 counts in at least 33 samples",
        "the median of ratios",
        "prior variance 0.53",
        "samples with the same group are replicates",
        "Counts were replaced in 17 genes; 3 genes lost",
        "Tested: als against carrier, each by a Wald test",
        "padj < 0.05 (Benjamini–Hochberg) and fold change ≥ 1.5 up or down",
        "pydeseq2 0.5.4",
    ):
        assert fact in text
    assert "als against motor" not in text


def test_methods_follow_the_config(given):
    given["models"][0] |= {"cells": [], "subset": "visit == 'baseline'", "size_factors": "poscounts"}
    given |= {"fold_change": 2.0, "alpha": 0.01, "headline": "nominal"}
    text = " ".join(methods_text(build_payload(**given)))
    assert "the same row of the design matrix" in text
    assert "(those with visit == 'baseline')" in text
    assert "over positive counts" in text
    assert "under the rule nominal: p < 0.01, not corrected for multiple testing, and fold change ≥ 2" in text
    assert "level 0.01" in text


def test_methods_without_a_tested_contrast_say_so(given):
    given["contrasts"] = given["contrasts"][1:]
    assert "No contrast was tested." in " ".join(methods_text(build_payload(**given)))


def test_references_are_those_cited():
    assert [reference["doi"] for reference in REFERENCES] == [
        "10.1186/s13059-014-0550-8",
        "10.1093/bioinformatics/btad547",
        "10.12688/f1000research.29032.2",
    ]
