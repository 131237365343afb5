# Needs: counts, the fit of the contrast's model, its results and status.
# Makes: of each contrast trust.tsv and, below trust/, permutations, calibration, robustness, sensitivity, overlap, power and
# equivalence; of a cohort signature.tsv. Each part is a job of its own, so that a cluster runs them side by side.


rule calibrate_contrast:
    input:
        counts="results/{cohort}/counts.h5ad",
        fit=of_contrast_model("results/{cohort}/models/{model}/fit.h5ad"),
        scores=scores_of_model,
        results="results/{cohort}/contrasts/{contrast}/results.tsv.gz",
        status="results/{cohort}/contrasts/{contrast}/status.json",
    output:
        permutations="results/{cohort}/contrasts/{contrast}/trust/permutations.tsv",
        calibration="results/{cohort}/contrasts/{contrast}/trust/calibration.tsv",
    log:
        "results/{cohort}/logs/trust/calibrate_contrast.{contrast}.log",
    benchmark:
        "results/{cohort}/benchmarks/trust/calibrate_contrast.{contrast}.tsv"
    conda:
        "../../envs/lateralis.yaml"
    threads: threads_of_trust
    resources:
        mem_mb=memory(1200, 80),
        runtime=minutes(20, 6),
    params:
        contrast=lookup(dpath="{cohort}/contrasts/{contrast}", within=COHORTS),
        samples=sheet_of_cohort,
        endpoint=lookup(dpath="{cohort}/endpoint", within=COHORTS),
        trust=lookup(dpath="{cohort}/trust", within=COHORTS),
        grouping=grouping_of_contrast,
        code=code("calibrate_contrast.py"),
    script:
        "../../scripts/calibrate_contrast.py"


rule assess_robustness:
    input:
        counts="results/{cohort}/counts.h5ad",
        fit=of_contrast_model("results/{cohort}/models/{model}/fit.h5ad"),
        scores=scores_of_model,
        results="results/{cohort}/contrasts/{contrast}/results.tsv.gz",
    output:
        robustness="results/{cohort}/contrasts/{contrast}/trust/robustness.tsv",
    log:
        "results/{cohort}/logs/trust/assess_robustness.{contrast}.log",
    benchmark:
        "results/{cohort}/benchmarks/trust/assess_robustness.{contrast}.tsv"
    conda:
        "../../envs/lateralis.yaml"
    threads: threads_by_size(2)
    resources:
        mem_mb=memory(1200, 80),
        runtime=minutes(20, 6),
    params:
        contrast=lookup(dpath="{cohort}/contrasts/{contrast}", within=COHORTS),
        samples=sheet_of_cohort,
        endpoint=lookup(dpath="{cohort}/endpoint", within=COHORTS),
        trust=lookup(dpath="{cohort}/trust", within=COHORTS),
        grouping=grouping_of_contrast,
        kinds=left_out_of_contrast,
        code=code("assess_robustness.py"),
    script:
        "../../scripts/assess_robustness.py"


rule assess_sensitivity:
    input:
        counts="results/{cohort}/counts.h5ad",
        fit=of_contrast_model("results/{cohort}/models/{model}/fit.h5ad"),
        scores=scores_of_model,
        results="results/{cohort}/contrasts/{contrast}/results.tsv.gz",
    output:
        sensitivity="results/{cohort}/contrasts/{contrast}/trust/sensitivity.tsv",
        overlap="results/{cohort}/contrasts/{contrast}/trust/overlap.tsv",
    log:
        "results/{cohort}/logs/trust/assess_sensitivity.{contrast}.log",
    benchmark:
        "results/{cohort}/benchmarks/trust/assess_sensitivity.{contrast}.tsv"
    conda:
        "../../envs/lateralis.yaml"
    threads: threads_by_size(2)
    resources:
        mem_mb=memory(1200, 80),
        runtime=minutes(20, 6),
    params:
        contrast=lookup(dpath="{cohort}/contrasts/{contrast}", within=COHORTS),
        samples=sheet_of_cohort,
        endpoint=lookup(dpath="{cohort}/endpoint", within=COHORTS),
        code=code("assess_sensitivity.py"),
    script:
        "../../scripts/assess_sensitivity.py"


rule summarise_trust:
    input:
        unpack(trust_parts_of_contrast),
        results="results/{cohort}/contrasts/{contrast}/results.tsv.gz",
        status="results/{cohort}/contrasts/{contrast}/status.json",
    output:
        trust="results/{cohort}/contrasts/{contrast}/trust.tsv",
        power="results/{cohort}/contrasts/{contrast}/trust/power.tsv",
        equivalence="results/{cohort}/contrasts/{contrast}/trust/equivalence.tsv.gz",
    log:
        "results/{cohort}/logs/trust/summarise_trust.{contrast}.log",
    benchmark:
        "results/{cohort}/benchmarks/trust/summarise_trust.{contrast}.tsv"
    conda:
        "../../envs/lateralis.yaml"
    resources:
        mem_mb=memory(1000, 40),
        runtime=minutes(10, 1),
    params:
        contrast=lookup(dpath="{cohort}/contrasts/{contrast}", within=COHORTS),
        endpoint=lookup(dpath="{cohort}/endpoint", within=COHORTS),
        code=code("summarise_trust.py"),
    script:
        "../../scripts/summarise_trust.py"


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
