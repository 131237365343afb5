# Needs: normalised.h5ad; for Cook's distances also the fits.
# Makes: below qc/: sex, pairs (identity); scores, panels, scores_by_group (purity); associations, variance, groups, limits
# (confounding); metrics, flags (everything that was checked), each with its figures. Flags, never drops. Where surrogate
# variables are asked for, below models/{model}/surrogates/: values, correlations, sensitivity.


rule check_identity:
    input:
        normalised="results/{cohort}/normalised.h5ad",
        relatedness=relatedness_of_cohort,
    output:
        sex="results/{cohort}/qc/sex.tsv",
        pairs="results/{cohort}/qc/pairs.tsv",
        flags="results/{cohort}/qc/flags/identity.tsv",
        rasters=multiext("results/{cohort}/qc/sex", ".png", ".pdf"),
        figure=report(
            "results/{cohort}/qc/sex.svg",
            caption="../report/quality.rst",
            category="Samples",
            subcategory="{cohort}",
        ),
    log:
        "results/{cohort}/logs/qc/check_identity.log",
    benchmark:
        "results/{cohort}/benchmarks/qc/check_identity.tsv"
    priority: 1
    conda:
        "../../envs/lateralis.yaml"
    resources:
        mem_mb=memory(1200, 80),
        runtime=minutes(15, 2),
    params:
        sex=sex_of_cohort,
        participant=lookup(dpath="{cohort}/samples/participant", within=COHORTS),
        relatedness=lookup(dpath="{cohort}/qc/relatedness", within=COHORTS),
        variables=variables_of_cohort,
        code=code("check_identity.py"),
    script:
        "../../scripts/check_identity.py"


rule score_panels:
    input:
        normalised="results/{cohort}/normalised.h5ad",
        panel=panel_of_cohort,
    output:
        scores="results/{cohort}/qc/scores.tsv",
        panels="results/{cohort}/qc/panels.tsv",
        by_group="results/{cohort}/qc/scores_by_group.tsv",
        flags="results/{cohort}/qc/flags/panels.tsv",
        rasters=multiext("results/{cohort}/qc/purity", ".png", ".pdf"),
        figure=report(
            "results/{cohort}/qc/purity.svg",
            caption="../report/quality.rst",
            category="Samples",
            subcategory="{cohort}",
        ),
    log:
        "results/{cohort}/logs/qc/score_panels.log",
    benchmark:
        "results/{cohort}/benchmarks/qc/score_panels.tsv"
    priority: 1
    conda:
        "../../envs/lateralis.yaml"
    resources:
        mem_mb=memory(1200, 80),
        runtime=minutes(15, 2),
    params:
        panel=lookup(dpath="{cohort}/qc/panel", within=COHORTS),
        shipped=shipped_panel,
        checks=lookup(dpath="{cohort}/qc/checks", within=COHORTS),
        group=group_of_cohort,
        code=code("score_panels.py"),
    script:
        "../../scripts/score_panels.py"


rule assess_confounding:
    input:
        normalised="results/{cohort}/normalised.h5ad",
        sex="results/{cohort}/qc/sex.tsv",
        scores="results/{cohort}/qc/scores.tsv",
    output:
        associations="results/{cohort}/qc/associations.tsv",
        variance="results/{cohort}/qc/variance.tsv",
        groups="results/{cohort}/qc/groups.tsv",
        limits="results/{cohort}/qc/limits.json",
        rasters=multiext(
            "results/{cohort}/qc/",
            "associations.png",
            "associations.pdf",
            "pca_adjusted.png",
            "pca_adjusted.pdf",
            "distances_adjusted.png",
            "distances_adjusted.pdf",
        ),
        figures=report(
            multiext("results/{cohort}/qc/", "associations.svg", "pca_adjusted.svg", "distances_adjusted.svg"),
            caption="../report/quality.rst",
            category="Samples",
            subcategory="{cohort}",
        ),
    log:
        "results/{cohort}/logs/qc/assess_confounding.log",
    benchmark:
        "results/{cohort}/benchmarks/qc/assess_confounding.tsv"
    priority: 1
    conda:
        "../../envs/lateralis.yaml"
    resources:
        mem_mb=memory(1200, 80),
        runtime=minutes(15, 2),
    params:
        samples=sheet_of_cohort,
        group=group_of_cohort,
        sex=sex_of_cohort,
        technical=technical_of_cohort,
        designed=designed_in_cohort,
        seed=lookup(dpath="{cohort}/qc/seed", within=COHORTS),
        code=code("assess_confounding.py"),
    script:
        "../../scripts/assess_confounding.py"


rule assess_quality:
    input:
        normalised="results/{cohort}/normalised.h5ad",
        flags=multiext("results/{cohort}/qc/flags/", "identity.tsv", "panels.tsv"),
        fits=of_each_model("results/{cohort}/models/{model}/fit.h5ad"),
    output:
        metrics="results/{cohort}/qc/metrics.tsv",
        all_flags="results/{cohort}/qc/flags.tsv",
        rasters=multiext(
            "results/{cohort}/qc/",
            "quality.png",
            "quality.pdf",
            "rle.png",
            "rle.pdf",
            "pca.png",
            "pca.pdf",
            "distances.png",
            "distances.pdf",
        ),
        figures=report(
            multiext("results/{cohort}/qc/", "quality.svg", "rle.svg", "pca.svg", "distances.svg"),
            caption="../report/quality.rst",
            category="Samples",
            subcategory="{cohort}",
        ),
        pca=directory("results/{cohort}/qc/pca"),
    log:
        "results/{cohort}/logs/qc/assess_quality.log",
    benchmark:
        "results/{cohort}/benchmarks/qc/assess_quality.tsv"
    priority: 1
    conda:
        "../../envs/lateralis.yaml"
    resources:
        mem_mb=memory(1200, 80),
        runtime=minutes(15, 2),
    params:
        group=group_of_cohort,
        variables=variables_of_cohort,
        checks=lookup(dpath="{cohort}/qc/checks", within=COHORTS),
        code=code("assess_quality.py"),
    script:
        "../../scripts/assess_quality.py"


rule assess_surrogates:
    input:
        counts="results/{cohort}/counts.h5ad",
        normalised="results/{cohort}/normalised.h5ad",
        fit="results/{cohort}/models/{model}/fit.h5ad",
        statistics=of_model_contrasts("results/{cohort}/contrasts/{contrast}/statistics.tsv.gz"),
        scores=scores_of_model,
    output:
        surrogates="results/{cohort}/models/{model}/surrogates/values.tsv",
        correlations="results/{cohort}/models/{model}/surrogates/correlations.tsv",
        sensitivity="results/{cohort}/models/{model}/surrogates/sensitivity.tsv",
    log:
        "results/{cohort}/logs/qc/assess_surrogates.{model}.log",
    benchmark:
        "results/{cohort}/benchmarks/qc/assess_surrogates.{model}.tsv"
    conda:
        "../../envs/lateralis.yaml"
    threads: threads_by_size(8)
    resources:
        mem_mb=memory(1500, 80),
        runtime=minutes(20, 6),
    params:
        contrasts=contrasts_of_model,
        samples=sheet_of_cohort,
        endpoint=lookup(dpath="{cohort}/endpoint", within=COHORTS),
        most=lookup(dpath="{cohort}/qc/surrogates", within=COHORTS),
        seed=lookup(dpath="{cohort}/qc/seed", within=COHORTS),
        code=code("assess_surrogates.py"),
    script:
        "../../scripts/assess_surrogates.py"
