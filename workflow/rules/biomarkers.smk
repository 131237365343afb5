# Needs: counts, and of each contrast that `biomarkers` is asked for its samples, statistics and status.
# Makes: biomarkers/{contrast}/ of a cohort.


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
        folder=report(
            directory("results/{cohort}/biomarkers/{contrast}"),
            patterns=["{name}.svg"],
            caption="../report/biomarkers.rst",
            category="Biomarkers",
            subcategory="{cohort}: {contrast}",
        ),
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
