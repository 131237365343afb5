"""Whether a question that several cohorts are said to share can be put to them together, found before any job starts."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

from lateralis.config import Cohort, Replication
from lateralis.errors import InputError, listing
from lateralis.inputs.samples import add_scores, biological_samples, read_samples
from lateralis.model.design import select_samples

Loaded = Mapping[str, tuple[str, Cohort]]  # cohort → its file, its models


def check_replication(questions: Mapping[str, Replication], loaded: Loaded, where: str) -> dict[str, list[str]]:
    """Check all questions of a run.

    Parameters
    ----------
    questions : name → what `replication` of the run's config says
    loaded : the cohorts of the run, each checked by itself
    where : names the config in messages

    Returns
    -------
    question → warnings, as sentences

    Raises
    ------
    InputError
        Where a cohort or contrast does not exist, a contrast has no fold changes, two contrasts are each other's opposite, or
        two questions would share a folder.
    """
    lower: dict[str, str] = {}
    for name in questions:
        other = lower.setdefault(name.lower(), name)
        if other != name:
            raise InputError(
                f"{where}, replication",
                f"'{other}' and '{name}' differ in case alone, and some file systems keep them in one place",
                "Rename one",
            )
    return {
        name: check_question(question, loaded, f"{where}, replication.{name}") for name, question in questions.items()
    }


def check_question(question: Replication, loaded: Loaded, where: str) -> list[str]:
    """Check one question; parameters and errors as in `check_replication`, which has its warnings from here."""
    for cohort, contrast in question.contrasts.items():
        _check_contrast(cohort, contrast, loaded, where)
    cohorts = {name: loaded[name][1] for name in question.contrasts}
    return [
        *_other_groups(question, cohorts, where),
        *_other_assays(cohorts),
        *_other_endpoints(cohorts),
        *_shared_people(question, loaded),
    ]


def _check_contrast(cohort: str, contrast: str, loaded: Loaded, where: str) -> None:
    place = f"{where}.contrasts"
    if cohort not in loaded:
        raise InputError(
            place, f"there is no cohort '{cohort}' in this run; there is {listing(loaded)}", "Add its file to `cohorts`"
        )
    path, spec = loaded[cohort]
    if contrast not in spec.contrasts:
        raise InputError(
            f"{place}.{cohort}", f"there is no contrast '{contrast}' in {path}; there is {listing(spec.contrasts)}"
        )
    if spec.contrasts[contrast].reduced is not None:
        raise InputError(
            f"{place}.{cohort}",
            f"'{contrast}' is a likelihood-ratio test, which has no direction",
            f"Name a contrast with fold changes: {listing(spec.followed(None)) or 'there is none'}",
        )


def _other_groups(question: Replication, cohorts: Mapping[str, Cohort], where: str) -> list[str]:
    """A warning where contrasts do not name the same groups; an error where two name the same the other way round."""
    specs = {name: cohort.contrasts[question.contrasts[name]] for name, cohort in cohorts.items()}
    levels = {
        name: (str(spec.test).casefold(), str(spec.reference).casefold())
        for name, spec in specs.items()
        if spec.variable
    }
    for (first, ours), (second, theirs) in combinations(levels.items(), 2):
        if ours == theirs[::-1]:
            raise InputError(
                f"{where}.contrasts.{second}",
                f"compares '{specs[second].test}' with '{specs[second].reference}', the other way round than cohort '{first}' "
                "does",
                f"Name a contrast of '{specs[first].test}' over '{specs[first].reference}'",
            )
    words = ", ".join(f"{name} '{cohort.label(question.contrasts[name])}'" for name, cohort in cohorts.items())
    if len(levels) == len(specs):
        if len(set(levels.values())) > 1:
            return [
                f"The contrasts do not name the same groups ({words}); all are read the same way, the group named first over "
                "the second."
            ]
        return []
    kinds = [(spec.variable, spec.test, spec.reference, spec.weights, spec.differences) for spec in specs.values()]
    if any(kind != kinds[0] for kind in kinds):
        return [
            f"The contrasts are not written alike ({words}); their fold changes are pooled as they are, which is right only "
            "where they are of the same comparison and unit."
        ]
    return []


def _other_assays(cohorts: Mapping[str, Cohort]) -> list[str]:
    intensities = [name for name, cohort in cohorts.items() if cohort.assay == "log_intensity"]
    if not 0 < len(intensities) < len(cohorts):
        return []
    counts = [name for name in cohorts if name not in intensities]
    return [
        f"{listing(intensities)} measured log intensities, {listing(counts)} counts. Both give log2 fold changes, but "
        "intensities often show large ones smaller, so a difference between such cohorts may be one of method."
    ]


def _other_endpoints(cohorts: Mapping[str, Cohort]) -> list[str]:
    settings = {name: (cohort.endpoint.fold_change, cohort.endpoint.alpha) for name, cohort in cohorts.items()}
    if len(set(settings.values())) == 1:
        return []
    words = ", ".join(f"{name} {fold:g}-fold at {alpha:g}" for name, (fold, alpha) in settings.items())
    first = next(iter(settings))
    return [
        f"The cohorts' endpoints differ ({words}). Calls of the cohorts together take that of {first}, named first; what "
        "counts as called in one cohort stays its own."
    ]


def _shared_people(question: Replication, loaded: Loaded) -> list[str]:
    """Warnings of pairs of cohorts with the same names of people, or of samples where one of them does not name people."""
    found = []
    for first, second in combinations(question.contrasts, 2):
        inputs = [loaded[name][1].input for name in (first, second)]
        simulated = [(each.simulate, each.seed) for each in inputs if each.simulate is not None]
        if simulated:
            if len(simulated) == 2 and simulated[0] == simulated[1]:
                found.append(
                    f"{first} and {second} are the same simulated cohort: nothing that they agree in is replicated."
                )
            continue  # people of one simulation bear the names of another's
        people = [names_in_model(*loaded[name], question.contrasts[name]) for name in (first, second)]
        by_person = all("participant" in each for each in people)
        kind = "participant" if by_person else "sample"
        shared = len(people[0][kind] & people[1][kind])
        if shared:
            names = f"{shared} name" + ("" if shared == 1 else "s")
            found.append(
                f"{first} and {second} share {names} of {kind}s. If these are the same people, the cohorts are not "
                "independent: agreement between them is no replication, and p-values of both together are too small."
            )
    return found


def names_in_model(path: str, cohort: Cohort, contrast: str) -> dict[str, set[str]]:
    """Names of samples in the model of a contrast, and of participants where the sheet has them; upper case is as lower."""
    assert cohort.input.samples is not None
    samples, name = cohort.samples, cohort.contrasts[contrast].model
    sheet = biological_samples(read_samples(cohort.input.samples, samples), samples, cohort.input.samples)
    reasons = select_samples(
        add_scores(sheet, None, samples),
        cohort.models[name].design,
        subset=cohort.models[name].subset,
        exclude={entry.sample: entry.reason for entry in samples.exclude},
        missing=cohort.missing,
        where=f"{path}, models.{name}",
    )
    kept = sheet[reasons == ""]
    found = {"sample": {str(name).strip().casefold() for name in kept.index}}
    if samples.participant is not None:
        people = kept[samples.participant].dropna().astype(str).str.strip().str.casefold()
        found["participant"] = set(people) - {""}
    return found
