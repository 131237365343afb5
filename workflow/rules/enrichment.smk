# Needs: the results of the contrasts that `enrichment` is asked for, their models' fits, the normalised cohort, gene sets.
# Makes: enrichment/ of a cohort: gene sets that change in each contrast, one table over all, pictures; in one job, for most of a
# small cohort's time would go into starting several.


rule enrich_pathways:
    input:
        results=of_each_followed("enrichment", "results/{cohort}/contrasts/{contrast}/results.tsv.gz"),
        status=of_each_followed("enrichment", "results/{cohort}/contrasts/{contrast}/status.json"),
        fits=of_each_followed_model("enrichment", "results/{cohort}/models/{model}/fit.h5ad"),
        normalised="results/{cohort}/normalised.h5ad",
        gene_sets=gene_set_files,
        network=network_of_cohort,
    output:
        folder=report(
            directory("results/{cohort}/enrichment"),
            patterns=["{name,[a-z]+}.svg", "{contrast}/{name}.svg"],
            caption="../report/enrichment.rst",
            category="Gene sets",
            subcategory="{cohort}",
        ),
    log:
        "results/{cohort}/logs/biology/enrich_pathways.log",
    benchmark:
        "results/{cohort}/benchmarks/biology/enrich_pathways.tsv"
    conda:
        "../../envs/lateralis.yaml"
    threads: threads_by_size(2)
    resources:
        mem_mb=memory(1200, 80),
        runtime=minutes(15, 2),
    params:
        contrasts=followed_contrasts("enrichment"),
        enrichment=lookup(dpath="{cohort}/enrichment", within=COHORTS),
        endpoint=lookup(dpath="{cohort}/endpoint", within=COHORTS),
        code=code("enrich_pathways.py"),
    script:
        "../../scripts/enrich_pathways.py"
