# Needs: the tables of the model, qc and records stages.
# Makes: the figures of each contrast and model, report.html, results.xlsx, and release/ where the cohort asks for it.


# Contrasts with fold changes; those of a likelihood-ratio test, which have none, follow.
rule draw_contrast:
    input:
        normalised="results/{cohort}/normalised.h5ad",
        samples=of_contrast_model("results/{cohort}/models/{model}/samples.tsv"),
        results="results/{cohort}/contrasts/{contrast}/results.tsv.gz",
        called="results/{cohort}/contrasts/{contrast}/called.tsv",
    output:
        multiext(
            "results/{cohort}/contrasts/{contrast}/",
            "volcano.png",
            "volcano.pdf",
            "ma.png",
            "ma.pdf",
            "heatmap.png",
            "heatmap.pdf",
            "p_histogram.png",
            "p_histogram.pdf",
        ),
        report(
            multiext(
                "results/{cohort}/contrasts/{contrast}/", "volcano.svg", "ma.svg", "heatmap.svg", "p_histogram.svg"
            ),
            caption="../report/contrast.rst",
            category="Contrasts",
            subcategory="{cohort}: {contrast}",
            labels={"contrast": "{contrast}"},
        ),
    log:
        "results/{cohort}/logs/report/draw_contrast.{contrast}.log",
    benchmark:
        "results/{cohort}/benchmarks/report/draw_contrast.{contrast}.tsv"
    wildcard_constraints:
        contrast=contrasts_by(fold_changes=True),
    conda:
        "../../envs/lateralis.yaml"
    resources:
        mem_mb=memory(1200, 80),
        runtime=minutes(10, 1),
    params:
        contrast=lookup(dpath="{cohort}/contrasts/{contrast}", within=COHORTS),
        label=label_of_contrast,
        grouping=grouping_of_contrast,
        endpoint=lookup(dpath="{cohort}/endpoint", within=COHORTS),
        variables=variables_of_cohort,
        code=code("draw_contrast.py"),
    script:
        "../../scripts/draw_contrast.py"


use rule draw_contrast as draw_likelihood_ratio with:
    output:
        multiext(
            "results/{cohort}/contrasts/{contrast}/",
            "heatmap.png",
            "heatmap.pdf",
            "p_histogram.png",
            "p_histogram.pdf",
        ),
        report(
            multiext("results/{cohort}/contrasts/{contrast}/", "heatmap.svg", "p_histogram.svg"),
            caption="../report/contrast.rst",
            category="Contrasts",
            subcategory="{cohort}: {contrast}",
            labels={"contrast": "{contrast}"},
        ),
    log:
        "results/{cohort}/logs/report/draw_likelihood_ratio.{contrast}.log",
    benchmark:
        "results/{cohort}/benchmarks/report/draw_likelihood_ratio.{contrast}.tsv"
    wildcard_constraints:
        contrast=contrasts_by(fold_changes=False),


rule draw_dispersions:
    input:
        fit="results/{cohort}/models/{model}/fit.h5ad",
    output:
        multiext("results/{cohort}/models/{model}/dispersions", ".png", ".pdf"),
        report(
            "results/{cohort}/models/{model}/dispersions.svg",
            caption="../report/dispersions.rst",
            category="Models",
            labels={"cohort": "{cohort}", "model": "{model}"},
        ),
    log:
        "results/{cohort}/logs/report/draw_dispersions.{model}.log",
    benchmark:
        "results/{cohort}/benchmarks/report/draw_dispersions.{model}.tsv"
    conda:
        "../../envs/lateralis.yaml"
    resources:
        mem_mb=memory(1000, 40),
        runtime=minutes(10, 1),
    params:
        code=code("draw_dispersions.py"),
    script:
        "../../scripts/draw_dispersions.py"


# What the page, the release and the workbook are made from.
FOUND = dict(
    summary="results/{cohort}/summary.tsv",
    ledger="results/{cohort}/ledger.tsv",
    table1="results/{cohort}/table1.tsv",
    flow="results/{cohort}/flow.tsv",
    config="results/{cohort}/run_config.yaml",
    checksums="results/{cohort}/provenance/checksums.tsv",
    versions="results/{cohort}/provenance/versions.json",
    flags="results/{cohort}/qc/flags.tsv",
    limits="results/{cohort}/qc/limits.json",
    normalised="results/{cohort}/normalised.h5ad",
    facts=of_each_model("results/{cohort}/models/{model}/facts.json"),
    genes=of_each_model("results/{cohort}/models/{model}/genes.tsv.gz"),
    model_samples=of_each_model("results/{cohort}/models/{model}/samples.tsv"),
    status=of_each_contrast("results/{cohort}/contrasts/{contrast}/status.json"),
    results=of_each_contrast("results/{cohort}/contrasts/{contrast}/results.tsv.gz"),
)

# What the page and the release show beside it.
SHOWN = dict(
    sex="results/{cohort}/qc/sex.tsv",
    pairs="results/{cohort}/qc/pairs.tsv",
    by_group="results/{cohort}/qc/scores_by_group.tsv",
    variance="results/{cohort}/qc/variance.tsv",
    groups="results/{cohort}/qc/groups.tsv",
    surrogate_correlations=of_each_surrogate_model("results/{cohort}/models/{model}/surrogates/correlations.tsv"),
    surrogate_sensitivity=of_each_surrogate_model("results/{cohort}/models/{model}/surrogates/sensitivity.tsv"),
    trust=of_each_trusted_contrast("results/{cohort}/contrasts/{contrast}/trust.tsv"),
    robustness=of_each_trusted_contrast("results/{cohort}/contrasts/{contrast}/trust/robustness.tsv"),
    enrichment=if_asked("enrichment"),
    biomarkers=of_each_followed("biomarkers", "results/{cohort}/biomarkers/{contrast}"),
    proteins=if_asked("proteins"),
    signature=signature_if_any("tsv"),
    upset=signature_if_any("svg"),
    qc_figures=multiext(
        "results/{cohort}/qc/",
        "quality.svg",
        "rle.svg",
        "sex.svg",
        "purity.svg",
        "associations.svg",
        "distances.svg",
        "pca_adjusted.svg",
        "distances_adjusted.svg",
    ),
    pca=["results/{cohort}/qc/pca.svg", "results/{cohort}/qc/pca"],
    dispersions=of_each_model("results/{cohort}/models/{model}/dispersions.svg"),
    volcano=of_each_fold_change("results/{cohort}/contrasts/{contrast}/volcano.svg"),
    heatmap=of_each_contrast("results/{cohort}/contrasts/{contrast}/heatmap.svg"),
    p_histogram=of_each_contrast("results/{cohort}/contrasts/{contrast}/p_histogram.svg"),
)


rule write_report:
    input:
        **FOUND,
        **SHOWN,
    output:
        report(
            "results/{cohort}/report.html",
            caption="../report/page.rst",
            category="Report",
            labels={"cohort": "{cohort}"},
        ),
    log:
        "results/{cohort}/logs/report/write_report.log",
    benchmark:
        "results/{cohort}/benchmarks/report/write_report.tsv"
    conda:
        "../../envs/lateralis.yaml"
    resources:
        mem_mb=memory(1200, 80),
        runtime=minutes(15, 2),
    params:
        cohort=lookup(dpath="{cohort}", within=COHORTS),
        code=code("write_report.py"),
    script:
        "../../scripts/write_report.py"


rule write_workbook:
    input:
        **FOUND,
    output:
        "results/{cohort}/results.xlsx",
    log:
        "results/{cohort}/logs/report/write_workbook.log",
    benchmark:
        "results/{cohort}/benchmarks/report/write_workbook.tsv"
    priority: 1
    conda:
        "../../envs/lateralis.yaml"
    resources:
        mem_mb=memory(1200, 80),
        runtime=minutes(15, 2),
    params:
        cohort=lookup(dpath="{cohort}", within=COHORTS),
        code=code("write_workbook.py"),
    script:
        "../../scripts/write_workbook.py"


# Only for cohorts with `report.profile: release`.
rule write_release:
    input:
        **FOUND,
        **SHOWN,
    output:
        folder=directory("results/{cohort}/release"),
        key="results/{cohort}/provenance/release_key.tsv",
    log:
        "results/{cohort}/logs/report/write_release.log",
    benchmark:
        "results/{cohort}/benchmarks/report/write_release.tsv"
    conda:
        "../../envs/lateralis.yaml"
    resources:
        mem_mb=memory(1200, 80),
        runtime=minutes(15, 2),
    params:
        cohort=lookup(dpath="{cohort}", within=COHORTS),
        code=code("write_release.py"),
    script:
        "../../scripts/write_release.py"
