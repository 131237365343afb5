# Needs: counts, the fit of the contrast's model, its results and status.
# Makes: of each contrast trust.tsv and, below trust/, permutations, calibration, robustness, sensitivity, overlap, power and
# equivalence, in one job, for most of a small cohort's time would go into starting several; of a cohort signature.tsv.


rule assess_trust:
    input:
        counts="results/{cohort}/counts.h5ad",
        fit=of_contrast_model("results/{cohort}/models/{model}/fit.h5ad"),
        scores=scores_of_model,
        results="results/{cohort}/contrasts/{contrast}/results.tsv.gz",
        status="results/{cohort}/contrasts/{contrast}/status.json",
    output:
        trust="results/{cohort}/contrasts/{contrast}/trust.tsv",
        permutations="results/{cohort}/contrasts/{contrast}/trust/permutations.tsv",
        calibration="results/{cohort}/contrasts/{contrast}/trust/calibration.tsv",
        robustness="results/{cohort}/contrasts/{contrast}/trust/robustness.tsv",
        sensitivity="results/{cohort}/contrasts/{contrast}/trust/sensitivity.tsv",
        overlap="results/{cohort}/contrasts/{contrast}/trust/overlap.tsv",
        power="results/{cohort}/contrasts/{contrast}/trust/power.tsv",
        equivalence="results/{cohort}/contrasts/{contrast}/trust/equivalence.tsv.gz",
    log:
        "results/{cohort}/logs/trust/assess_trust.{contrast}.log",
    benchmark:
        "results/{cohort}/benchmarks/trust/assess_trust.{contrast}.tsv"
    conda:
        "../../envs/lateralis.yaml"
    threads: threads_of_trust
    resources:
        mem_mb=memory(1200, 80),
        runtime=minutes(30, 15),
    params:
        contrast=lookup(dpath="{cohort}/contrasts/{contrast}", within=COHORTS),
        samples=sheet_of_cohort,
        endpoint=lookup(dpath="{cohort}/endpoint", within=COHORTS),
        trust=lookup(dpath="{cohort}/trust", within=COHORTS),
        grouping=grouping_of_contrast,
        kinds=left_out_of_contrast,
        code=code("assess_trust.py"),
    script:
        "../../scripts/assess_trust.py"


rule find_signature:
    input:
        results=of_signature("results/{cohort}/contrasts/{contrast}/results.tsv.gz"),
        status=of_signature("results/{cohort}/contrasts/{contrast}/status.json"),
        screen=screen_of_signature,
    output:
        signature="results/{cohort}/signature.tsv",
        rasters=multiext("results/{cohort}/signature", ".png", ".pdf"),
        figure=report(
            "results/{cohort}/signature.svg",
            caption="../report/signature.rst",
            category="Signature",
            labels={"cohort": "{cohort}"},
        ),
    log:
        "results/{cohort}/logs/trust/find_signature.log",
    benchmark:
        "results/{cohort}/benchmarks/trust/find_signature.tsv"
    conda:
        "../../envs/lateralis.yaml"
    resources:
        mem_mb=memory(1000, 40),
        runtime=minutes(10, 1),
    params:
        contrasts=signature_of_cohort,
        endpoint=lookup(dpath="{cohort}/endpoint", within=COHORTS),
        code=code("find_signature.py"),
    script:
        "../../scripts/find_signature.py"
