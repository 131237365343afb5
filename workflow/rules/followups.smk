# What the rules of enrichment, biomarkers, proteins and replication look up, and what cohorts ask for of them.


def followed_by(section):
    """Contrasts that a section of a cohort is asked for, by cohort; none where the section is absent."""

    def contrasts(cohort):
        asked = getattr(LOADED[cohort][1], section)
        return LOADED[cohort][1].followed(asked.contrasts) if asked is not None else []

    return contrasts


def of_each_followed(section, pattern):
    """Input function: a pattern with {cohort} and {contrast}, for each contrast that a section is asked for."""

    def paths(wildcards):
        return collect(pattern, cohort=wildcards.cohort, contrast=followed_by(section)(wildcards.cohort))

    return paths


def of_each_followed_model(section, pattern):
    """Input function: a pattern with {cohort} and {model}, for the model of each contrast that a section is asked for, in order."""

    def paths(wildcards):
        cohort = LOADED[wildcards.cohort][1]
        models = [cohort.contrasts[name].model for name in followed_by(section)(wildcards.cohort)]
        return collect(pattern, cohort=wildcards.cohort, model=list(dict.fromkeys(models)))

    return paths


def followed_contrasts(section):
    """Param: the contrasts that a section is asked for, as plain data, by name, with their words."""

    def contrasts(wildcards):
        cohort = LOADED[wildcards.cohort][1]
        names = followed_by(section)(wildcards.cohort)
        return {name: cohort.contrasts[name].model_dump() | {"label": cohort.label(name)} for name in names}

    return contrasts


def gene_set_files(wildcards):
    """Files of gene sets that a cohort names."""
    asked = LOADED[wildcards.cohort][1].enrichment
    return [source.path for source in asked.gene_sets.values() if source != "btm"]


def network_of_cohort(wildcards):
    """The table of regulators and targets, where a cohort names one."""
    network = LOADED[wildcards.cohort][1].enrichment.network
    return network.path if network is not None else []


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


def annotation_of_biomarkers(wildcards):
    """The table of where products of genes are found, where a cohort names one."""
    return LOADED[wildcards.cohort][1].biomarkers.annotation or []


def if_asked(section):
    """Input function: the folder of a section that is made once a cohort, for a cohort that asks for it."""

    def path(wildcards):
        asked = getattr(LOADED[wildcards.cohort][1], section) is not None
        return f"results/{wildcards.cohort}/{section}" if asked else []

    return path


def asked_of_cohort(wildcards):
    """Folders of what a cohort asks for beyond its tests."""
    panels = of_each_followed("biomarkers", "results/{cohort}/biomarkers/{contrast}")(wildcards)
    folders = [*panels, if_asked("enrichment")(wildcards), if_asked("proteins")(wildcards)]
    return [folder for folder in folders if folder]


def given_to_followups(wildcards):
    """Files of the user's that gene sets, biomarkers and proteins are read from, where a cohort names any."""
    cohort = LOADED[wildcards.cohort][1]
    found = [*gene_set_files(wildcards), network_of_cohort(wildcards)] if cohort.enrichment is not None else []
    found += [annotation_of_biomarkers(wildcards)] if cohort.biomarkers is not None else []
    found += [cohort.proteins.path, cohort.proteins.annotation] if cohort.proteins is not None else []
    return [path for path in found if path]
