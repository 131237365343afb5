from lateralis.report.methods import methods_text, references
from lateralis.report.payload import build_payload


def test_methods_state_what_ran(given):
    text = " ".join(methods_text(build_payload(**given)))
    for fact in (
        "counts of 176 samples",
        "~ batch + sex + group",
        "Of 20,000 genes, 15,123 had at least 10 counts in at least 33 samples",
        "the median of ratios",
        "the median of ratios, taken from all genes kept.",
        "prior variance 0.53",
        "Numerics: lateralis engine (numba 0.61.0).",
        "for ranking only, stand those that apeGLM's prior shrinks along the contrast",
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


def test_a_likelihood_ratio_test_is_told_with_its_designs(with_lrt):
    text = " ".join(methods_text(build_payload(**with_lrt)))
    assert (
        "Tested: als against carrier, each by a Wald test of the coefficients. Tested: any effect of group, by a "
        "likelihood-ratio test of the design ~ batch + sex + group against the reduced design ~ batch + sex (3 degrees of "
        "freedom)."
    ) in text
    assert "its genes are called changed by the p-value alone." in text
    strict = " ".join(methods_text(build_payload(**with_lrt | {"headline": "strict"})))
    assert "by the p-value alone and the rule fdr in place of strict." in strict
    only = with_lrt | {"contrasts": with_lrt["contrasts"][-1:]}
    assert "fold changes are unshrunken" not in " ".join(methods_text(build_payload(**only)))


def test_offsets_are_told_where_they_were_used(given):
    assert "offsets" not in " ".join(methods_text(build_payload(**given)))
    given["models"][0]["offsets"] = "average transcript lengths"
    text = " ".join(methods_text(build_payload(**given)))
    assert "Average transcript lengths enter as offsets (Soneson et al. 2015)" in text


def test_references_are_those_cited(with_lrt):
    deseq2, pydeseq2, snakemake = (
        "10.1186/s13059-014-0550-8",
        "10.1093/bioinformatics/btad547",
        "10.12688/f1000research.29032.2",
    )
    apeglm, tximport = "10.1093/bioinformatics/bty895", "10.12688/f1000research.7563.2"

    def cited(given):
        return [reference["doi"] for reference in references(build_payload(**given))]

    assert cited(with_lrt) == [deseq2, pydeseq2, apeglm, snakemake]
    assert cited(with_lrt | {"contrasts": with_lrt["contrasts"][-1:]}) == [deseq2, pydeseq2, snakemake]
    with_lrt["models"][0]["offsets"] = "average transcript lengths"
    assert cited(with_lrt) == [deseq2, pydeseq2, apeglm, tximport, snakemake]
