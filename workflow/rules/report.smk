# Needs: the tables of the model, qc and records stages.
# Makes: the figures of each contrast and model, and report.html.


rule draw_contrast:
    input:
        normalised="results/{cohort}/normalised.h5ad",
        samples=of_contrast_model("results/{cohort}/models/{model}/samples.tsv"),
        results="results/{cohort}/contrasts/{contrast}/results.tsv.gz",
        called="results/{cohort}/contrasts/{contrast}/called.tsv",
    output:
        multiext(
            "results/{cohort}/contrasts/{contrast}/",
            "volcano.png",
            "volcano.pdf",
            "ma.png",
            "ma.pdf",
            "heatmap.png",
            "heatmap.pdf",
            "p_histogram.png",
            "p_histogram.pdf",
        ),
        report(
            multiext(
                "results/{cohort}/contrasts/{contrast}/", "volcano.svg", "ma.svg", "heatmap.svg", "p_histogram.svg"
            ),
            caption="../report/contrast.rst",
            category="Contrasts",
            subcategory="{cohort}: {contrast}",
            labels={"contrast": "{contrast}"},
        ),
    log:
        "results/{cohort}/logs/report/draw_contrast.{contrast}.log",
    benchmark:
        "results/{cohort}/benchmarks/report/draw_contrast.{contrast}.tsv"
    conda:
        "../../envs/lateralis.yaml"
    resources:
        mem_mb=2000,
        runtime=15,
    params:
        folder="results/{cohort}/contrasts/{contrast}",
        contrast=lookup(dpath="{cohort}/contrasts/{contrast}", within=COHORTS),
        endpoint=lookup(dpath="{cohort}/endpoint", within=COHORTS),
        variables=variables_of_cohort,
        code=code("draw_contrast.py"),
    script:
        "../../scripts/draw_contrast.py"


rule draw_dispersions:
    input:
        fit="results/{cohort}/models/{model}/fit.h5ad",
    output:
        multiext("results/{cohort}/models/{model}/dispersions", ".png", ".pdf"),
        report(
            "results/{cohort}/models/{model}/dispersions.svg",
            caption="../report/dispersions.rst",
            category="Models",
            labels={"cohort": "{cohort}", "model": "{model}"},
        ),
    log:
        "results/{cohort}/logs/report/draw_dispersions.{model}.log",
    benchmark:
        "results/{cohort}/benchmarks/report/draw_dispersions.{model}.tsv"
    conda:
        "../../envs/lateralis.yaml"
    resources:
        mem_mb=2000,
        runtime=15,
    params:
        stem="results/{cohort}/models/{model}/dispersions",
        code=code("draw_dispersions.py"),
    script:
        "../../scripts/draw_dispersions.py"
