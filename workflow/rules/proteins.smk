# Needs: the user's tables of proteins, normalised.h5ad, the models' samples.tsv, and results.tsv.gz and status.json of the
# contrasts that `proteins` is asked for.
# Makes: proteins/ of a cohort: {contrast}/results.tsv and volcano.*, concordance.*, candidates.tsv, people.tsv, missingness.* and
# summary.json, in one job, for each model is fitted once for all its contrasts.


# Whether a cohort has scores of marker panels among its variables.
SCORED = {name: bool(cohort.samples.scores) for name, (_, cohort) in LOADED.items()}


rule test_proteins:
    input:
        table=lookup(dpath="{cohort}/proteins/path", within=COHORTS),
        annotation=lookup(dpath="{cohort}/proteins/annotation", within=COHORTS),
        normalised="results/{cohort}/normalised.h5ad",
        samples=of_each_followed_model("proteins", "results/{cohort}/models/{model}/samples.tsv"),
        results=of_each_followed("proteins", "results/{cohort}/contrasts/{contrast}/results.tsv.gz"),
        status=of_each_followed("proteins", "results/{cohort}/contrasts/{contrast}/status.json"),
        scores=branch(lookup(dpath="{cohort}", within=SCORED), then="results/{cohort}/qc/scores.tsv", otherwise=[]),
    output:
        folder=report(
            directory("results/{cohort}/proteins"),
            patterns=["{name,[a-z]+}.svg", "{contrast}/{name}.svg"],
            caption="../report/proteins.rst",
            category="Proteins",
            subcategory="{cohort}",
        ),
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
