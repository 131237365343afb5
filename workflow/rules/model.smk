# Needs: counts.h5ad, qc/sex.tsv, and qc/scores.tsv where a model has a score among its variables.
# Makes: normalised.h5ad, models/{model}/, and of each contrast statistics.tsv.gz, status.json, results.tsv.gz, called.tsv.


rule normalise_counts:
    input:
        counts="results/{cohort}/counts.h5ad",
        control_genes=control_genes_of_cohort,
    output:
        normalised="results/{cohort}/normalised.h5ad",
    log:
        "results/{cohort}/logs/model/normalise_counts.log",
    benchmark:
        "results/{cohort}/benchmarks/model/normalise_counts.tsv"
    priority: 1
    conda:
        "../../envs/lateralis.yaml"
    resources:
        mem_mb=memory(1200, 80),
        runtime=minutes(15, 2),
    params:
        size_factors=lookup(dpath="{cohort}/size_factors/method", within=COHORTS),
        code=code("normalise_counts.py"),
    script:
        "../../scripts/normalise_counts.py"


rule fit_model:
    input:
        counts="results/{cohort}/counts.h5ad",
        control_genes=control_genes_of_cohort,
        scores=scores_of_model,
    output:
        fit="results/{cohort}/models/{model}/fit.h5ad",
        genes="results/{cohort}/models/{model}/genes.tsv.gz",
        samples="results/{cohort}/models/{model}/samples.tsv",
        facts="results/{cohort}/models/{model}/facts.json",
    log:
        "results/{cohort}/logs/model/fit_model.{model}.log",
    benchmark:
        "results/{cohort}/benchmarks/model/fit_model.{model}.tsv"
    priority: 1
    conda:
        "../../envs/lateralis.yaml"
    threads: threads_by_size(8)
    resources:
        mem_mb=memory(1500, 80),
        runtime=minutes(20, 6),
    params:
        model=lookup(dpath="{cohort}/models/{model}", within=COHORTS),
        samples=lookup(dpath="{cohort}/samples", within=COHORTS),
        missing=lookup(dpath="{cohort}/missing", within=COHORTS),
        cells=lookup(dpath="{cohort}/outliers/cells", within=COHORTS),
        filter=lookup(dpath="{cohort}/filter", within=COHORTS),
        size_factors=lookup(dpath="{cohort}/size_factors/method", within=COHORTS),
        tested=tested_in_model,
        code=code("fit_model.py"),
    script:
        "../../scripts/fit_model.py"


rule test_contrast:
    input:
        counts="results/{cohort}/counts.h5ad",
        fit=of_contrast_model("results/{cohort}/models/{model}/fit.h5ad"),
        genes=of_contrast_model("results/{cohort}/models/{model}/genes.tsv.gz"),
        samples=of_contrast_model("results/{cohort}/models/{model}/samples.tsv"),
        sex="results/{cohort}/qc/sex.tsv",
        scores=scores_of_model,
    output:
        statistics="results/{cohort}/contrasts/{contrast}/statistics.tsv.gz",
        status="results/{cohort}/contrasts/{contrast}/status.json",
    log:
        "results/{cohort}/logs/model/test_contrast.{contrast}.log",
    benchmark:
        "results/{cohort}/benchmarks/model/test_contrast.{contrast}.tsv"
    priority: 1
    conda:
        "../../envs/lateralis.yaml"
    threads: threads_by_size(2)
    resources:
        mem_mb=memory(1200, 80),
        runtime=minutes(15, 2),
    params:
        contrast=lookup(dpath="{cohort}/contrasts/{contrast}", within=COHORTS),
        samples=sheet_of_cohort,
        grouping=grouping_of_contrast,
        technical=technical_of_contrast,
        sex=sex_of_cohort,
        code=code("test_contrast.py"),
    script:
        "../../scripts/test_contrast.py"


rule call_genes:
    input:
        statistics="results/{cohort}/contrasts/{contrast}/statistics.tsv.gz",
    output:
        results="results/{cohort}/contrasts/{contrast}/results.tsv.gz",
        called="results/{cohort}/contrasts/{contrast}/called.tsv",
    log:
        "results/{cohort}/logs/model/call_genes.{contrast}.log",
    benchmark:
        "results/{cohort}/benchmarks/model/call_genes.{contrast}.tsv"
    priority: 1
    conda:
        "../../envs/lateralis.yaml"
    resources:
        mem_mb=memory(1000, 40),
        runtime=minutes(10, 1),
    params:
        endpoint=lookup(dpath="{cohort}/endpoint", within=COHORTS),
        code=code("call_genes.py"),
    script:
        "../../scripts/call_genes.py"
