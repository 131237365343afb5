# What the rule of replication looks up of the questions that cohorts share, and their checks before any job.


def of_question(pattern):
    """Input function: a pattern with {cohort} and {contrast}, for each cohort of a question, in the order of the config."""

    def paths(wildcards):
        asked = RUN.replication[wildcards.question].contrasts
        return [pattern.format(cohort=cohort, contrast=contrast) for cohort, contrast in asked.items()]

    return paths


def cohorts_of_question(wildcards):
    """What the configs of a question's cohorts say of them, by cohort."""
    found = {}
    for name, contrast in RUN.replication[wildcards.question].contrasts.items():
        cohort = LOADED[name][1]
        found[name] = {"title": cohort.title, "contrast": contrast, "label": cohort.label(contrast)}
        found[name] |= {"assay": cohort.assay, "endpoint": cohort.endpoint.model_dump()}
    return found


def genes_of_question(wildcards):
    """Genes that a question asks a forest plot of."""
    return RUN.replication[wildcards.question].genes


@cache
def warnings_about(question):
    """What there is to know of a question beforehand, as sentences."""
    from lateralis.biology.replication_checks import check_question

    return check_question(RUN.replication[question], LOADED, question)


def warnings_of_question(wildcards):
    """The same, as a param: the page repeats them."""
    return warnings_about(wildcards.question)


def check_questions():
    """Refuse a question that cannot be put to its cohorts, and warn of what is unusual."""
    from lateralis.biology.replication_checks import check_replication

    where = " and ".join(map(str, workflow.configfiles)) or "--config"
    for question, sentences in check_replication(RUN.replication, LOADED, where).items():
        for sentence in sentences:
            print(f"Warning: replication.{question}: {sentence}", file=sys.stderr)


if RUN.replication and workflow.is_main_process:
    try:
        check_questions()
    except InputError as error:
        refuse(error)

# Folders of the questions that several cohorts share.
REPLICATED = [f"results/_replication/{question}" for question in RUN.replication]
