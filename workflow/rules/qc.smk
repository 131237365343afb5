# Needs: normalised.h5ad.
# Makes: qc/metrics.tsv, qc/flags.tsv and the figures qc/{quality,pca,distances}.*, qc/pca/{variable}.*. Flags, never drops.


rule assess_quality:
    input:
        normalised="results/{cohort}/normalised.h5ad",
    output:
        metrics="results/{cohort}/qc/metrics.tsv",
        flags="results/{cohort}/qc/flags.tsv",
        rasters=multiext(
            "results/{cohort}/qc/",
            "quality.png",
            "quality.pdf",
            "pca.png",
            "pca.pdf",
            "distances.png",
            "distances.pdf",
        ),
        figures=report(
            multiext("results/{cohort}/qc/", "quality.svg", "pca.svg", "distances.svg"),
            caption="../report/quality.rst",
            category="Samples",
            subcategory="{cohort}",
        ),
        pca=directory("results/{cohort}/qc/pca"),
    log:
        "results/{cohort}/logs/qc/assess_quality.log",
    benchmark:
        "results/{cohort}/benchmarks/qc/assess_quality.tsv"
    conda:
        "../../envs/lateralis.yaml"
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        group=group_of_cohort,
        variables=variables_of_cohort,
        code=code("assess_quality.py"),
    script:
        "../../scripts/assess_quality.py"
