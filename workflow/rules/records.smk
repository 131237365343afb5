# Needs: what the inputs, qc and model stages made, of every contrast in the config.
# Makes: summary.tsv, ledger.tsv, table1.tsv, flow.tsv, run_config.yaml, provenance/; last of all the manifest of every file.


rule gather_cohort:
    input:
        counts="results/{cohort}/counts.h5ad",
        sources="results/{cohort}/sources.tsv",
        flags="results/{cohort}/qc/flags.tsv",
        model_samples=of_each_model("results/{cohort}/models/{model}/samples.tsv"),
        statistics=of_each_contrast("results/{cohort}/contrasts/{contrast}/statistics.tsv.gz"),
        results=of_each_contrast("results/{cohort}/contrasts/{contrast}/results.tsv.gz"),
        status=of_each_contrast("results/{cohort}/contrasts/{contrast}/status.json"),
    output:
        summary="results/{cohort}/summary.tsv",
        ledger="results/{cohort}/ledger.tsv",
        table1="results/{cohort}/table1.tsv",
        flow="results/{cohort}/flow.tsv",
        config="results/{cohort}/run_config.yaml",
        checksums="results/{cohort}/provenance/checksums.tsv",
        versions="results/{cohort}/provenance/versions.json",
    log:
        "results/{cohort}/logs/records/gather_cohort.log",
    benchmark:
        "results/{cohort}/benchmarks/records/gather_cohort.tsv"
    conda:
        "../../envs/lateralis.yaml"
    resources:
        mem_mb=memory(1000, 40),
        runtime=minutes(10, 1),
    params:
        cohort=lookup(dpath="{cohort}", within=COHORTS),
        code=code("gather_cohort.py"),
    script:
        "../../scripts/gather_cohort.py"


# Comes after everything else of a cohort: what it lists was all there, whole, at the same time.
rule write_manifest:
    input:
        targets_of_cohort,
    output:
        "results/{cohort}/provenance/manifest.tsv",
    log:
        "results/{cohort}/logs/records/write_manifest.log",
    benchmark:
        "results/{cohort}/benchmarks/records/write_manifest.tsv"
    conda:
        "../../envs/lateralis.yaml"
    resources:
        mem_mb=200,
        runtime=15,
    params:
        code=code("write_manifest.py"),
    script:
        "../../scripts/write_manifest.py"
