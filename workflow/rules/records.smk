# Needs: what the inputs, qc and model stages made, of every contrast in the config.
# Makes: summary.tsv, ledger.tsv, table1.tsv, flow.tsv, run_config.yaml, provenance/, ro-crate-metadata.json; last of all the
# manifest of every file; geo/ on request.


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
    priority: 1
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


# After all that it describes. Commit and lock are read by the script: as a param or an input they would rerun it at each commit.
rule write_crate:
    input:
        unpack(count_inputs),
        panel=panel_of_cohort,
        relatedness=relatedness_of_cohort,
        control_genes=control_genes_of_cohort,
        followups=given_to_followups,
        followed=asked_of_cohort,
        config="results/{cohort}/run_config.yaml",
        versions="results/{cohort}/provenance/versions.json",
        release=branch(
            lookup(dpath="{cohort}/report/profile", within=COHORTS),
            cases={"release": "results/{cohort}/release", "internal": []},
        ),
        tables=multiext("results/{cohort}/", "summary.tsv", "ledger.tsv", "table1.tsv", "flow.tsv"),
        checksums="results/{cohort}/provenance/checksums.tsv",
        signature=signature_if_any("tsv"),
        data=multiext("results/{cohort}/", "counts.h5ad", "normalised.h5ad"),
        quality=multiext("results/{cohort}/qc/", "metrics.tsv", "flags.tsv", "sex.tsv", "pairs.tsv"),
        fits=of_each_model("results/{cohort}/models/{model}/fit.h5ad"),
        statistics=of_each_contrast("results/{cohort}/contrasts/{contrast}/statistics.tsv.gz"),
        results=of_each_contrast("results/{cohort}/contrasts/{contrast}/results.tsv.gz"),
        called=of_each_contrast("results/{cohort}/contrasts/{contrast}/called.tsv"),
        volcanoes=of_each_fold_change("results/{cohort}/contrasts/{contrast}/volcano.svg"),
        heatmaps=of_each_contrast("results/{cohort}/contrasts/{contrast}/heatmap.svg"),
        histograms=of_each_contrast("results/{cohort}/contrasts/{contrast}/p_histogram.svg"),
        workbook="results/{cohort}/results.xlsx",
        page="results/{cohort}/report.html",
    output:
        crate="results/{cohort}/ro-crate-metadata.json",
        record="results/{cohort}/provenance/ro-crate-metadata.json",
        source=directory("results/{cohort}/provenance/source"),
    log:
        "results/{cohort}/logs/records/write_crate.log",
    benchmark:
        "results/{cohort}/benchmarks/records/write_crate.tsv"
    conda:
        "../../envs/lateralis.yaml"
    resources:
        mem_mb=memory(1000, 40),
        runtime=minutes(15, 2),
    params:
        cohort=lookup(dpath="{cohort}", within=COHORTS),
        code=code("write_crate.py"),
    script:
        "../../scripts/write_crate.py"


# Not among the targets of a run: for `snakemake geo`, `make geo` or the folder's path.
rule export_geo:
    input:
        normalised="results/{cohort}/normalised.h5ad",
        key=branch(
            lookup(dpath="{cohort}/report/profile", within=COHORTS),
            cases={"release": "results/{cohort}/provenance/release_key.tsv", "internal": []},
        ),
    output:
        folder=directory("results/{cohort}/geo"),
    log:
        "results/{cohort}/logs/records/export_geo.log",
    benchmark:
        "results/{cohort}/benchmarks/records/export_geo.tsv"
    conda:
        "../../envs/lateralis.yaml"
    resources:
        mem_mb=memory(1200, 80),
        runtime=minutes(15, 2),
    params:
        cohort=lookup(dpath="{cohort}", within=COHORTS),
        code=code("export_geo.py"),
    script:
        "../../scripts/export_geo.py"


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
