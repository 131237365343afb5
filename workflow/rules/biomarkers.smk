# Needs: counts, and of each contrast that `biomarkers` is asked for its samples, statistics and status.
# Makes: biomarkers/{contrast}/ of a cohort.


def design_of_contrast(wildcards):
    """The design of a contrast's model, whose other variables a panel must tell more than."""
    cohort = LOADED[wildcards.cohort][1]
    return cohort.models[cohort.contrasts[wildcards.contrast].model].design


def biomarkers_of_contrast(wildcards):
    """What a cohort asks for, of one contrast: that another one is asked for is no reason to rerun."""
    return COHORTS[wildcards.cohort]["biomarkers"] | {"contrasts": [wildcards.contrast]}


def threads_of_biomarkers(wildcards):
    """Threads of the cross-validations: some for twenty repeats, by the cohort's size for two."""
    return 8 if LOADED[wildcards.cohort][1].biomarkers.scale == "large" else threads_by_size(2)(wildcards)


rule find_biomarkers:
    input:
        counts="results/{cohort}/counts.h5ad",
        samples=of_contrast_model("results/{cohort}/models/{model}/samples.tsv"),
        statistics="results/{cohort}/contrasts/{contrast}/statistics.tsv.gz",
        status="results/{cohort}/contrasts/{contrast}/status.json",
        scores=scores_of_model,
        annotation=annotation_of_biomarkers,
        control_genes=control_genes_of_cohort,
    output:
        directory("results/{cohort}/biomarkers/{contrast}"),
    log:
        "results/{cohort}/logs/biology/find_biomarkers.{contrast}.log",
    benchmark:
        "results/{cohort}/benchmarks/biology/find_biomarkers.{contrast}.tsv"
    conda:
        "../../envs/lateralis.yaml"
    threads: threads_of_biomarkers
    resources:
        mem_mb=memory(1200, 120),
        runtime=minutes(20, 15),
    params:
        contrast=lookup(dpath="{cohort}/contrasts/{contrast}", within=COHORTS),
        label=label_of_contrast,
        design=design_of_contrast,
        samples=sheet_of_cohort,
        biomarkers=biomarkers_of_contrast,
        filter=lookup(dpath="{cohort}/filter", within=COHORTS),
        missing=lookup(dpath="{cohort}/missing", within=COHORTS),
        code=code("find_biomarkers.py"),
    script:
        "../../scripts/find_biomarkers.py"
