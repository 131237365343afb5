"""The page of one cohort, from its findings: payload, linked views and figures put together, within the size it may have."""

from __future__ import annotations

from dataclasses import replace

from lateralis.config import Cohort
from lateralis.report.explorer import Explorer, build_explorer
from lateralis.report.findings import Findings
from lateralis.report.page import render_page
from lateralis.report.payload import build_payload, build_signature
from lateralis.report.release import shared_samples
from lateralis.report.samples import build_samples

LIBRARY_SIZE = 550_000  # characters of the packed chart library, which the shell alone does not hold


def cohort_page(cohort: Cohort, findings: Findings, *, shared: bool = False) -> str:
    """The page as HTML.

    Parameters
    ----------
    cohort : the cohort
    findings : what was found, as far as the page may hold it
    shared : whether the findings are a release's; then participants' values are in it only where the config says so

    Returns
    -------
    str, at most `report.max_mb` million bytes where leaving out participants' values can bring it there
    """
    labels = {contrast["name"]: contrast["label"] for contrast in findings.contrasts}
    release = cohort.report.release
    samples = build_samples(findings.ledger, findings.flags, labels, findings.tables)
    payload = build_payload(
        cohort=cohort.cohort,
        title=cohort.title,
        contents=findings.contents,
        fold_change=cohort.endpoint.fold_change,
        alpha=cohort.endpoint.alpha,
        headline=cohort.endpoint.headline,
        contrasts=findings.contrasts,
        models=findings.models,
        table1=findings.table1,
        flow=findings.flow,
        samples=shared_samples(samples, release.min_cell) if shared else samples,
        signature=None
        if findings.signature is None
        else build_signature(findings.signature, [labels[name] for name in cohort.signature_contrasts]),
        versions=findings.versions,
        config_text=findings.config_text,
        files=findings.files,
        warnings=findings.warnings,
        followups=findings.followups.payload(labels),
        simulated=cohort.input.simulate is not None,
        shared=shared,
    )
    shell = len(render_page(payload, findings.figures, Explorer({"contrasts": [], "samples": None}, {})).encode())
    explorer = build_explorer(
        [contrast for contrast in findings.contrasts if contrast["status"] == "tested"],
        findings.data.var[["gene_name", "biotype"]],
        findings.explored,
        cohort=cohort.cohort,
        fold_change=cohort.endpoint.fold_change,
        alpha=cohort.endpoint.alpha,
        headline=cohort.endpoint.headline,
        genes=cohort.report.genes,
        points=release.participants or not shared,
        largest=cohort.report.max_mb * 1e6 - shell - LIBRARY_SIZE,
    )
    return render_page(
        payload, findings.figures, replace(explorer, blocks=explorer.blocks | findings.followups.blocks())
    )
