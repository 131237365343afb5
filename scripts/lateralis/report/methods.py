"""The methods paragraphs of a report, generated from what ran, so that text and run cannot differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lateralis.figures.calls import enumerated, plural

_DESEQ2 = {
    "text": "Love MI, Huber W, Anders S. Moderated estimation of fold change and dispersion for RNA-seq data with DESeq2. "
    "Genome Biology 2014.",
    "doi": "10.1186/s13059-014-0550-8",
}
_PYDESEQ2 = {
    "text": "Muzellec B, Teleńczuk M, Cabeli V, Andreux M. PyDESeq2: a python package for bulk RNA-seq differential "
    "expression analysis. Bioinformatics 2023.",
    "doi": "10.1093/bioinformatics/btad547",
}
_APEGLM = {
    "text": "Zhu A, Ibrahim JG, Love MI. Heavy-tailed prior distributions for sequence count data: removing the noise and "
    "preserving large differences. Bioinformatics 2019.",
    "doi": "10.1093/bioinformatics/bty895",
}
_OFFSETS = {
    "text": "Soneson C, Love MI, Robinson MD. Differential analyses for RNA-seq: transcript-level estimates improve "
    "gene-level inferences. F1000Research 2015.",
    "doi": "10.12688/f1000research.7563.2",
}
_SNAKEMAKE = {
    "text": "Mölder F, Jablonski KP, Letcher B, et al. Sustainable data analysis with Snakemake. F1000Research 2021.",
    "doi": "10.12688/f1000research.29032.2",
}
_LIMMA = {
    "text": "Smyth GK. Linear models and empirical Bayes methods for assessing differential expression in microarray "
    "experiments. Statistical Applications in Genetics and Molecular Biology 2004.",
    "doi": "10.2202/1544-6115.1027",
}
_CAMERA = {
    "text": "Wu D, Smyth GK. Camera: a competitive gene set test accounting for inter-gene correlation. "
    "Nucleic Acids Research 2012.",
    "doi": "10.1093/nar/gks461",
}
_GSEA = {
    "text": "Subramanian A, Tamayo P, Mootha VK, et al. Gene set enrichment analysis: a knowledge-based approach for "
    "interpreting genome-wide expression profiles. PNAS 2005.",
    "doi": "10.1073/pnas.0506580102",
}
_ELASTIC_NET = {
    "text": "Zou H, Hastie T. Regularization and variable selection via the elastic net. Journal of the Royal Statistical "
    "Society B 2005.",
    "doi": "10.1111/j.1467-9868.2005.00503.x",
}
_TRIPOD = {
    "text": "Collins GS, Reitsma JB, Altman DG, Moons KGM. Transparent reporting of a multivariable prediction model for "
    "individual prognosis or diagnosis (TRIPOD). BMJ 2015.",
    "doi": "10.1136/bmj.g7594",
}
SIZE_FACTORS = {
    "ratio": "the median of ratios",
    "poscounts": "the median of ratios over positive counts (poscounts, for sparse data)",
}


def references(payload: Mapping[str, Any]) -> list[dict[str, str]]:
    """What the methods cite: text and doi."""
    shrunken = any(contrast["test"] == "wald" for contrast in _tested(payload))
    with_offsets = any(model["offsets"] for model in payload["models"])
    linear = any(not model["size_factors"] for model in payload["models"])
    found = [_LIMMA] if linear else [_DESEQ2, _PYDESEQ2]
    found += [_APEGLM] * shrunken + [_OFFSETS] * (with_offsets and not linear)
    found += [_CAMERA, _GSEA] * bool(payload["pathways"]) + [_ELASTIC_NET, _TRIPOD] * bool(payload["biomarkers"])
    found += [_LIMMA] * (bool(payload["proteins"]) and not linear)
    return [*found, _SNAKEMAKE]


def _tested(payload: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [contrast for contrast in payload["contrasts"] if contrast["status"] == "tested"]


def methods_text(payload: Mapping[str, Any]) -> list[str]:
    """Methods as paragraphs of plain text.

    Parameters
    ----------
    payload : mapping
        As `report.payload.build_payload` returns it.

    Returns
    -------
    One paragraph a model, then testing, thresholds, what followed the tests, and software.
    """
    return [
        *(_model_paragraph(model) for model in payload["models"]),
        _testing_paragraph(payload),
        _threshold_paragraph(payload),
        *_followup_paragraphs(payload),
        _software_paragraph(payload["versions"]),
    ]


def _model_paragraph(model: Mapping[str, Any]) -> str:
    subset = f" (those with {model['subset']})" if model.get("subset") else ""
    if not model["size_factors"]:
        return (
            f"Model {model['name']}: normalised log2 intensities of {plural(model['n_samples'], 'sample')}{subset} were "
            f"modelled with the design {model['design']}, gene by gene, by least squares. Each gene's variance was drawn "
            "towards that of all genes, and tests have the degrees of freedom of both (Smyth 2004, as in limma). Tests are "
            f"Student's, of reduced designs F tests. {model['n_genes_kept']:,} of "
            f"{plural(model['n_genes_input'], 'gene')} have {model['filter']} and were tested."
        )
    replaced, lost = model["n_genes_replaced"], model["n_genes_outlier"]
    return (
        f"Model {model['name']}: counts of {plural(model['n_samples'], 'sample')}{subset} were modelled with the design "
        f"{model['design']}. Of {plural(model['n_genes_input'], 'gene')}, {model['n_genes_kept']:,} had "
        f"{model['filter']} and were tested. Size factors are {SIZE_FACTORS[model['size_factors']]}, taken from "
        f"{model['size_factor_genes']}.{_offset_sentence(model)} Each gene follows a negative binomial distribution with a "
        "log link; its dispersion was moved towards the trend over all genes (prior variance "
        f"{model['prior_variance']:.3g}) as in DESeq2 (Love et al. 2014) and PyDESeq2 (Muzellec et al. 2023). Numerics: "
        f"{model['numerics']}. {_outlier_sentence(model)} Counts were replaced in {plural(replaced, 'gene')}; "
        f"{plural(lost, 'gene')} lost the p-value to an outlier."
    )


def _offset_sentence(model: Mapping[str, Any]) -> str:
    if not model["offsets"]:
        return ""
    return (
        f" {model['offsets'].capitalize()} enter as offsets (Soneson et al. 2015): each sample's size factor is multiplied by "
        "them, gene by gene, relative to the gene's geometric mean."
    )


def _outlier_sentence(model: Mapping[str, Any]) -> str:
    cells = model.get("cells") or []
    same = f"the same {enumerated(cells)}" if cells else "the same row of the design matrix"
    return (
        f"Outlier counts were found by Cook's distance above the 99 % quantile of the F distribution; samples with {same} "
        "are replicates of each other. Among 7 or more replicates an outlier is replaced by the trimmed mean and the gene "
        "refitted; among 3 to 6 the gene gets no p-value; among fewer nothing is done."
    )


def _testing_paragraph(payload: Mapping[str, Any]) -> str:
    tested = _tested(payload)
    directed = [contrast["label"] for contrast in tested if contrast["test"] == "wald"]
    designs = {model["name"]: model["design"] for model in payload["models"]}
    linear = any(not model["size_factors"] for model in payload["models"])
    of_levels, of_designs = (
        ("moderated t-test", "moderated F test") if linear else ("Wald test", "likelihood-ratio test")
    )
    sentences = [f"Tested: {enumerated(directed)}, each by a {of_levels} of the coefficients."] if directed else []
    sentences += [
        f"Tested: {contrast['label']}, by a {of_designs} of the design {designs[contrast['model']]} against the "
        f"reduced design {contrast['reduced']} ({plural(contrast['degrees_of_freedom'], 'degree')} of freedom)."
        for contrast in tested
        if contrast["test"] == "lrt"
    ]
    sentences.append(
        "P-values were adjusted by Benjamini and Hochberg's procedure within each contrast, after independent filtering on "
        f"mean expression at the level {payload['endpoint']['alpha']:g}."
        if tested
        else "No contrast was tested."
    )
    if directed:
        sentences.append(
            "Log2 fold changes are unshrunken estimates; beside them, for ranking only, stand those that apeGLM's prior "
            "shrinks along the contrast (Zhu et al. 2019)."
        )
    return " ".join([*sentences, "There is no adjustment across contrasts."])


def _threshold_paragraph(payload: Mapping[str, Any]) -> str:
    endpoint = payload["endpoint"]
    criteria = endpoint["criteria"]
    others = "; ".join(f"{rule}: {criteria[rule]}" for rule in criteria if rule != endpoint["headline"])
    return (
        f"A gene is called under the rule {endpoint['headline']}: {criteria[endpoint['headline']]}. Shown beside it are "
        f"{others}. The strict rule tests whether the absolute log2 fold change exceeds log2 of "
        f"{endpoint['fold_change']:g}, on the contrast itself, so that it does not depend on the reference level."
        f"{_undirected_sentence(payload)}"
    )


def _undirected_sentence(payload: Mapping[str, Any]) -> str:
    """How tests without a fold change are called, if there are any."""
    if all(contrast["test"] == "wald" for contrast in _tested(payload)):
        return ""
    instead = " and the rule fdr in place of strict" if payload["endpoint"]["headline"] == "strict" else ""
    return f" A likelihood-ratio test has no fold change: its genes are called changed by the p-value alone{instead}."


def _followup_paragraphs(payload: Mapping[str, Any]) -> list[str]:
    """How gene sets, panels and proteins were examined, where the cohort asked for them."""
    found = []
    if payload["pathways"]:
        collections = [f"{source['collection']} ({source['terms']})" for source in payload["pathways"]["sources"]]
        found.append(
            f"Gene sets of {enumerated(collections)} were tested in each comparison on the signed statistics of all genes "
            "that have a p-value: by camera (Wu & Smyth 2012), with the correlation of each set's genes taken from the "
            "residuals of variance-stabilised expression, on which the verdict rests; beside it by preranked gene set "
            "enrichment analysis (Subramanian et al. 2005) and, for genes called, by the hypergeometric distribution, both "
            "of which take genes for independent. P-values of camera were adjusted by Benjamini and Hochberg's procedure over "
            "all sets and comparisons. Sets whose leading edges share half of the smaller one stand behind the surest."
        )
    if payload["biomarkers"]:
        labels = [panel["label"] for panel in payload["biomarkers"]]
        found.append(
            f"Panels of genes for {enumerated(labels)} are logistic regressions with an elastic net (Zou & Hastie 2005), "
            "judged by repeated nested cross-validation in which relatives and the samples of a participant stay together. "
            "Filter, normalisation against a frozen reference, choice of genes and of the penalty were done within each "
            "training set. Areas under the ROC curve compare people of the same fold. Such numbers describe this cohort; a "
            "claim needs an external one (Collins et al. 2015)."
        )
    if payload["proteins"]:
        found.append(
            "Proteins were tested under the same designs and contrasts: by linear models whose residual variances are drawn "
            "towards each other (Smyth 2004) and, where values lie below the limit of detection, by the likelihood of a "
            "normal distribution that is censored there. Values that were not measured are left out, not imputed."
        )
    return found


def _software_paragraph(versions: Mapping[str, str]) -> str:
    listed = ", ".join(f"{name} {version}" for name, version in versions.items())
    return f"The workflow ran under Snakemake (Mölder et al. 2021) with {listed}."
