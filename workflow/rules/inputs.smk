# Needs: the count files, sample sheet and annotation that a cohort file names, or the name of a built-in cohort.
# Makes: inputs/ (simulated cohorts only), counts.h5ad, sources.tsv.
# Snakemake removes a job's outputs before it starts, so the import writes beside the files of an earlier run, and only
# counts that were found sound take their place.


rule simulate_cohort:
    output:
        counts="results/{cohort}/inputs/counts.tsv.gz",
        samples="results/{cohort}/inputs/samples.tsv",
        truth="results/{cohort}/inputs/truth.tsv.gz",
        faults="results/{cohort}/inputs/faults.tsv",
    log:
        "results/{cohort}/logs/inputs/simulate_cohort.log",
    benchmark:
        "results/{cohort}/benchmarks/inputs/simulate_cohort.tsv"
    conda:
        "../../envs/lateralis.yaml"
    resources:
        mem_mb=memory(1000, 40),
        runtime=minutes(10, 1),
    params:
        design=lookup(dpath="{cohort}/input/simulate", within=COHORTS),
        seed=lookup(dpath="{cohort}/input/seed", within=COHORTS),
        code=code("simulate_cohort.py"),
    script:
        "../../scripts/simulate_cohort.py"


rule import_counts:
    input:
        unpack(count_inputs),
    output:
        counts=temp("results/{cohort}/imported.counts.h5ad"),
        sources=temp("results/{cohort}/imported.sources.tsv"),
    log:
        "results/{cohort}/logs/inputs/import_counts.log",
    benchmark:
        "results/{cohort}/benchmarks/inputs/import_counts.tsv"
    conda:
        "../../envs/lateralis.yaml"
    resources:
        mem_mb=memory(1200, 80),
        runtime=minutes(15, 2),
    params:
        source=import_source,
        code=code("import_counts.py"),
    script:
        "../../scripts/import_counts.py"


# Has the inputs and params of the import, too: what an import that failed leaves in Snakemake's memory is not trusted.
rule accept_counts:
    input:
        unpack(count_inputs),
        imported_counts="results/{cohort}/imported.counts.h5ad",
        imported_sources="results/{cohort}/imported.sources.tsv",
    output:
        counts="results/{cohort}/counts.h5ad",
        sources="results/{cohort}/sources.tsv",
    log:
        "results/{cohort}/logs/inputs/accept_counts.log",
    benchmark:
        "results/{cohort}/benchmarks/inputs/accept_counts.tsv"
    conda:
        "../../envs/lateralis.yaml"
    resources:
        mem_mb=500,
        runtime=5,
    params:
        source=import_source,
        code=code("import_counts.py", "accept_counts.py"),
    script:
        "../../scripts/accept_counts.py"
