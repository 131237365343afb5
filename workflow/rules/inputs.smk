# Needs: the count files, sample sheet and annotation that a cohort file names, or the name of a built-in cohort.
# Makes: inputs/ (simulated cohorts only), counts.h5ad, sources.tsv.


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
        mem_mb=2000,
        runtime=15,
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
        counts="results/{cohort}/counts.h5ad",
        sources="results/{cohort}/sources.tsv",
    log:
        "results/{cohort}/logs/inputs/import_counts.log",
    benchmark:
        "results/{cohort}/benchmarks/inputs/import_counts.tsv"
    conda:
        "../../envs/lateralis.yaml"
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        counts=count_spec,
        sheet=sheet_path,
        samples=sheet_spec,
        annotation=lookup(dpath="{cohort}/input/annotation", within=COHORTS),
        code=code("import_counts.py"),
    script:
        "../../scripts/import_counts.py"
