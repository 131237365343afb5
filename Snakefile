# Front door: which cohorts, which rules, which targets. Everything about a cohort is in its own file (config/cohorts/*.yaml).
from snakemake.utils import min_version

min_version("9.10")


configfile: "config/config.yaml"


include: "workflow/rules/checkout.smk"
include: "workflow/rules/common.smk"
include: "workflow/rules/lookups.smk"
include: "workflow/rules/inputs.smk"
include: "workflow/rules/qc.smk"
include: "workflow/rules/model.smk"
include: "workflow/rules/trust.smk"
include: "workflow/rules/followups.smk"
include: "workflow/rules/enrichment.smk"
include: "workflow/rules/biomarkers.smk"
include: "workflow/rules/proteins.smk"
include: "workflow/rules/questions.smk"
include: "workflow/rules/replication.smk"
include: "workflow/rules/records.smk"
include: "workflow/rules/report.smk"


rule all:
    default_target: True
    input:
        collect(
            "results/{cohort}/{made}", cohort=COHORTS, made=["report.html", "results.xlsx", "ro-crate-metadata.json"]
        ),
        collect("results/{cohort}/release", cohort=RELEASED),
        collect("results/{cohort}/provenance/manifest.tsv", cohort=COHORTS),
        REPLICATED,


if workflow.is_main_process:
    claim(".")  # before Snakemake locks the folder, so that each lock of a killed run has its note


# What a submission to NCBI GEO needs; public, hence never made unasked.
rule geo:
    input:
        collect("results/{cohort}/geo", cohort=COHORTS),


onsuccess:
    for page in collect("results/{cohort}/report.html", cohort=COHORTS):
        print(f"Report: {page}")
    for folder in collect("results/{cohort}/release", cohort=RELEASED):
        print(f"To share: {folder}/report.html")
    for folder in REPLICATED:
        print(f"Replication: {folder}/report.html")
