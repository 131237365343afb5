# What the rule of biomarkers looks up of a contrast and its cohort.


def design_of_contrast(wildcards):
    """The design of a contrast's model, whose other variables a panel must tell more than."""
    cohort = LOADED[wildcards.cohort][1]
    return cohort.models[cohort.contrasts[wildcards.contrast].model].design


def biomarkers_of_contrast(wildcards):
    """What a cohort asks for, of one contrast: that another one is asked for is no reason to rerun."""
    return COHORTS[wildcards.cohort]["biomarkers"] | {"contrasts": [wildcards.contrast]}


def threads_of_biomarkers(wildcards):
    """Threads of the cross-validations: some for twenty repeats, by the cohort's size for two."""
    return 8 if LOADED[wildcards.cohort][1].biomarkers.scale == "large" else threads_by_size(2)(wildcards)
