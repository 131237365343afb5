# Needs: the user's tables of proteins, normalised.h5ad, the models' samples.tsv, and results.tsv.gz and status.json of the
# contrasts that `proteins` is asked for.
# Makes: proteins/ of a cohort: {contrast}/results.tsv and volcano.*, concordance.*, candidates.tsv, people.tsv, missingness.* and
# summary.json, in one job, for each model is fitted once for all its contrasts.


def proteins_of_cohort(key):
    """Input function: a file that a cohort's `proteins` section names."""

    def path(wildcards):
        return getattr(LOADED[wildcards.cohort][1].proteins, key)

    return path


def scores_of_proteins(wildcards):
    """Scores of marker panels, for a cohort that has one among its variables."""
    return f"results/{wildcards.cohort}/qc/scores.tsv" if LOADED[wildcards.cohort][1].samples.scores else []


rule test_proteins:
    input:
        table=proteins_of_cohort("path"),
        annotation=proteins_of_cohort("annotation"),
        normalised="results/{cohort}/normalised.h5ad",
        samples=of_each_followed_model("proteins", "results/{cohort}/models/{model}/samples.tsv"),
        results=of_each_followed("proteins", "results/{cohort}/contrasts/{contrast}/results.tsv.gz"),
        status=of_each_followed("proteins", "results/{cohort}/contrasts/{contrast}/status.json"),
        scores=scores_of_proteins,
    output:
        folder=directory("results/{cohort}/proteins"),
    log:
        "results/{cohort}/logs/biology/test_proteins.log",
    benchmark:
        "results/{cohort}/benchmarks/biology/test_proteins.tsv"
    conda:
        "../../envs/lateralis.yaml"
    resources:
        mem_mb=memory(1500, 80),
        runtime=minutes(30, 2),
    params:
        proteins=lookup(dpath="{cohort}/proteins", within=COHORTS),
        contrasts=followed_contrasts("proteins"),
        models=lookup(dpath="{cohort}/models", within=COHORTS),
        samples=sheet_of_cohort,
        group=group_of_cohort,
        endpoint=lookup(dpath="{cohort}/endpoint", within=COHORTS),
        code=code("test_proteins.py"),
    script:
        "../../scripts/test_proteins.py"
