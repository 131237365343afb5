# What rules look up of their cohort, model or contrast: params and inputs as functions of the wildcards.
from lateralis.expressions import parse_formula
from lateralis.inputs.counts import absent_samples, source_files
from lateralis.inputs.samples import read_samples
from lateralis.model.design import tested_variables
from lateralis.qc.confounding import technical_variables


def count_inputs(wildcards):
    """Count files and sample sheet of a cohort: the simulated ones or the user's."""
    cohort = LOADED[wildcards.cohort][1]
    if cohort.input.simulate is not None:
        folder = f"results/{wildcards.cohort}/inputs"
        return {"sheet": f"{folder}/samples.tsv", "files": [f"{folder}/counts.tsv.gz"]}
    absent = absent_of_cohort(wildcards)
    listed = [*read_samples(cohort.input.samples, cohort.samples).index, *absent["without_row"]]
    samples = [name for name in listed if name not in absent["without_counts"]]
    files = sorted(set(source_files(cohort.input.counts, samples).values()))
    more = [path for path in (cohort.input.counts.tx2gene, cohort.input.annotation) if path]
    return {"sheet": cohort.input.samples, "files": files, "more": more}


def count_spec(wildcards):
    """Where the counts of a cohort are and how they are laid out."""
    cohort = LOADED[wildcards.cohort][1]
    if cohort.input.simulate is not None:
        return {"format": "matrix", "path": f"results/{wildcards.cohort}/inputs/counts.tsv.gz"}
    return cohort.input.counts.model_dump()


def absent_of_cohort(wildcards):
    """Excluded samples that the counts lack or the sheet lacks: the ledger keeps them."""
    cohort = LOADED[wildcards.cohort][1]
    without_counts, without_row = [], []
    if cohort.input.simulate is None and cohort.samples.exclude:
        listed = list(read_samples(cohort.input.samples, cohort.samples).index)
        excluded = [entry.sample for entry in cohort.samples.exclude]
        without_counts, without_row = absent_samples(cohort.input.counts, listed, excluded)
    return {"without_counts": without_counts, "without_row": without_row}


def import_source(wildcards):
    """All that the config says of a cohort's data; without exclusions, which concern the models."""
    return {
        "counts": count_spec(wildcards),
        "sheet": count_inputs(wildcards)["sheet"],
        "samples": sheet_of_cohort(wildcards),
        **absent_of_cohort(wildcards),
        "annotation": LOADED[wildcards.cohort][1].input.annotation,
        "assay": LOADED[wildcards.cohort][1].assay,
    }


def control_genes_of_cohort(wildcards):
    """The list of genes that a cohort's size factors are taken from, if it has one."""
    return LOADED[wildcards.cohort][1].size_factors.control_genes or []


def model_of_contrast(wildcards):
    """The model that a contrast belongs to."""
    return LOADED[wildcards.cohort][1].contrasts[wildcards.contrast].model


def tested_in_model(wildcards):
    """Variables that the contrasts of a model test, which the gene filter reads."""
    return tested_variables_of(LOADED[wildcards.cohort][1], wildcards.model)


def tested_variables_of(cohort, model):
    """The same, of a cohort that is loaded."""
    return tested_variables(cohort.contrasts_of(model), cohort.models[model].design)


def sheet_of_cohort(wildcards):
    """How the sample sheet is read; without exclusions, which concern the models."""
    return COHORTS[wildcards.cohort]["samples"] | {"exclude": []}


def sex_of_cohort(wildcards):
    """The variable that holds the sex, or nothing."""
    return LOADED[wildcards.cohort][1].sex_variable


def technical_of_contrast(wildcards):
    """Variables whose levels the groups of a contrast must share."""
    cohort = LOADED[wildcards.cohort][1]
    contrast = cohort.contrasts[wildcards.contrast]
    design = cohort.models[contrast.model].design
    tested = tested_variables({wildcards.contrast: contrast}, design)
    return technical_variables(cohort.samples, cohort.qc.technical, cohort.sex_variable, design, tested)


def technical_of_cohort(wildcards):
    """Variables that pictures are adjusted for: batch, site and covariates, never the sex or what is compared."""
    cohort = LOADED[wildcards.cohort][1]
    tested = {variable for model in cohort.models for variable in tested_variables_of(cohort, model)}
    covariates = [variable for model in cohort.models.values() for variable in parse_formula(model.design).variables]
    design = " + ".join(["~ 1", *covariates])
    found = technical_variables(cohort.samples, cohort.qc.technical, cohort.sex_variable, design, tested)
    return [name for name in found if name != cohort.sex_variable]


def designed_in_cohort(wildcards):
    """Variables that any model of a cohort has in its design, sorted."""
    models = LOADED[wildcards.cohort][1].models.values()
    return sorted({variable for model in models for variable in parse_formula(model.design).variables})


def panel_of_cohort(wildcards):
    """The user's own file of marker panels, where the cohort has one."""
    panel = LOADED[wildcards.cohort][1].qc.panel
    return [] if panel == "none" or panel in SHIPPED_PANELS else panel


def shipped_panel(wildcards):
    """Content of the shipped panels that a cohort uses, as a param: the place of the repository is no reason to rerun."""
    return SHIPPED_PANELS.get(LOADED[wildcards.cohort][1].qc.panel, "")


def relatedness_of_cohort(wildcards):
    """The table of pairs by genotype, where the cohort has one."""
    relatedness = LOADED[wildcards.cohort][1].qc.relatedness
    return relatedness.path if relatedness is not None else []


def scores_of_model(wildcards):
    """Scores of marker panels, for a model that has one among its variables."""
    cohort = LOADED[wildcards.cohort][1]
    model = wildcards.get("model") or cohort.contrasts[wildcards.contrast].model
    used = set(parse_formula(cohort.models[model].design).variables).intersection(cohort.samples.scores)
    return f"results/{wildcards.cohort}/qc/scores.tsv" if used else []


def label_of_contrast(wildcards):
    """A contrast in words."""
    return LOADED[wildcards.cohort][1].label(wildcards.contrast)


def grouping_of_contrast(wildcards):
    """The variable whose levels a contrast compares, or nothing."""
    return LOADED[wildcards.cohort][1].grouping(wildcards.contrast)


def group_of_cohort(wildcards):
    """The variable whose levels describe a cohort, or nothing."""
    return LOADED[wildcards.cohort][1].group_variable


def variables_of_cohort(wildcards):
    """Names of a cohort's variables that stand in the sheet and describe samples, in order."""
    samples = LOADED[wildcards.cohort][1].samples
    return [name for name in samples.described if name not in samples.scores]


def of_each_contrast(pattern):
    """Input function: a pattern with {cohort} and {contrast}, for each contrast of the cohort."""

    def paths(wildcards):
        return collect(pattern, cohort=wildcards.cohort, contrast=list(COHORTS[wildcards.cohort]["contrasts"]))

    return paths


def of_each_fold_change(pattern):
    """Input function: a pattern with {cohort} and {contrast}, for each contrast that has fold changes."""

    def paths(wildcards):
        contrasts = LOADED[wildcards.cohort][1].contrasts.items()
        with_fold_change = [name for name, contrast in contrasts if contrast.reduced is None]
        return collect(pattern, cohort=wildcards.cohort, contrast=with_fold_change)

    return paths


def of_each_model(pattern):
    """Input function: a pattern with {cohort} and {model}, for each model of the cohort."""

    def paths(wildcards):
        return collect(pattern, cohort=wildcards.cohort, model=list(COHORTS[wildcards.cohort]["models"]))

    return paths


def of_contrast_model(pattern):
    """Input function: a pattern with {cohort} and {model}, for the model of one contrast."""

    def path(wildcards):
        return pattern.format(cohort=wildcards.cohort, model=model_of_contrast(wildcards))

    return path


def contrasts_of_model(wildcards):
    """The contrasts of one model as plain data, by name."""
    return {name: c.model_dump() for name, c in LOADED[wildcards.cohort][1].contrasts_of(wildcards.model).items()}


def of_model_contrasts(pattern):
    """Input function: a pattern with {cohort} and {contrast}, for each contrast of one model."""

    def paths(wildcards):
        return collect(pattern, cohort=wildcards.cohort, contrast=list(contrasts_of_model(wildcards)))

    return paths


def of_each_surrogate_model(pattern):
    """Input function: a pattern with {cohort} and {model}, for each model of a cohort that asks for surrogate variables."""

    def paths(wildcards):
        asked = LOADED[wildcards.cohort][1].qc.surrogates > 0
        return of_each_model(pattern)(wildcards) if asked else []

    return paths


def left_out_of_contrast(wildcards):
    """Variables whose levels are left out one at a time: who gave a sample, technical ones, and those asked for."""
    cohort = LOADED[wildcards.cohort][1]
    people = [name for name in (cohort.samples.participant, cohort.samples.family) if name is not None]
    found = [*people, *technical_of_contrast(wildcards), *cohort.trust.leave_out]
    return list(dict.fromkeys(name for name in found if name != cohort.sex_variable))


def signature_of_cohort(wildcards):
    """Contrasts that a cohort's signature is made of."""
    return LOADED[wildcards.cohort][1].signature_contrasts


def of_signature(pattern):
    """Input function: a pattern with {cohort} and {contrast}, for each contrast of the signature."""

    def paths(wildcards):
        return collect(pattern, cohort=wildcards.cohort, contrast=signature_of_cohort(wildcards))

    return paths


def screen_of_signature(wildcards):
    """Results of the likelihood-ratio test that screens genes for the signature's contrasts, if there is one."""
    name = LOADED[wildcards.cohort][1].signature_screen
    return f"results/{wildcards.cohort}/contrasts/{name}/results.tsv.gz" if name else []


def signature_if_any(suffix):
    """Input function: a file of the signature, for a cohort that has one."""

    def paths(wildcards):
        return f"results/{wildcards.cohort}/signature.{suffix}" if signature_of_cohort(wildcards) else []

    return paths


def of_each_trusted_contrast(pattern):
    """Input function: a pattern with {cohort} and {contrast}, for each contrast that is examined for how far to trust it."""

    def paths(wildcards):
        return collect(pattern, cohort=wildcards.cohort, contrast=LOADED[wildcards.cohort][1].trusted_contrasts)

    return paths
