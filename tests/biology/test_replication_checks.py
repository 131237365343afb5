"""What a config, its cohorts and their sheets show of a question before any job: exact errors and warnings."""

import pandas as pd
import pytest
from pydantic import ValidationError

from lateralis.biology.replication_checks import check_question, check_replication
from lateralis.config import Cohort, Replication
from lateralis.errors import InputError

COUNTS = {"format": "matrix", "path": "counts.tsv"}
LEVELS = {"variable": "group", "test": "als", "reference": "control"}


def cohort(name, *, contrast=None, **changes):
    content = {
        "cohort": name,
        "title": f"Cohort {name}",
        "input": {"simulate": "mac2als", "seed": sum(map(ord, name))},
        "samples": {
            "variables": {
                "group": {"type": "categorical", "levels": ["control", "als", "ALS", "healthy"]},
                "age": {"type": "numeric"},
            }
        },
        "models": {"primary": {"design": "~ group + age"}},
        "contrasts": {
            "als": {"model": "primary", **(contrast or LEVELS)},
            "any": {"model": "primary", "reduced": "~ age"},
        },
    }
    return f"{name}.yaml", Cohort(**(content | changes))


def question(**contrasts):
    return Replication(contrasts=contrasts)


def warnings(*cohorts, contrasts=None):
    loaded = {spec.cohort: (path, spec) for path, spec in cohorts}
    return check_question(
        Replication(contrasts=contrasts or dict.fromkeys(loaded, "als")), loaded, "config.yaml, replication.q"
    )


def test_like_cohorts_give_no_warning():
    assert warnings(cohort("a"), cohort("b"), cohort("c")) == []


def test_one_cohort_is_no_question():
    with pytest.raises(ValidationError, match="at least 2 items"):
        question(a="als")


@pytest.mark.parametrize(
    ("contrasts", "message"),
    [
        (
            {"a": "als", "z": "als"},
            "run.yaml, replication.q.contrasts: there is no cohort 'z' in this run; there is 'a', 'b'. Add its file "
            "to `cohorts`.",
        ),
        (
            {"a": "als", "b": "sla"},
            "run.yaml, replication.q.contrasts.b: there is no contrast 'sla' in b.yaml; there is 'als', 'any'.",
        ),
        (
            {"a": "any", "b": "als"},
            "run.yaml, replication.q.contrasts.a: 'any' is a likelihood-ratio test, which has no direction. Name a "
            "contrast with fold changes: 'als'.",
        ),
    ],
)
def test_what_is_not_there(contrasts, message):
    loaded = {"a": cohort("a"), "b": cohort("b")}
    with pytest.raises(InputError) as error:
        check_replication({"q": question(**contrasts)}, loaded, "run.yaml")
    assert str(error.value) == message


def test_the_other_way_round_is_refused():
    turned = cohort("b", contrast={"variable": "group", "test": "control", "reference": "als"})
    with pytest.raises(InputError) as error:
        warnings(cohort("a"), turned)
    assert str(error.value) == (
        "config.yaml, replication.q.contrasts.b: compares 'control' with 'als', the other way round than cohort 'a' does. "
        "Name a contrast of 'als' over 'control'."
    )


def test_questions_that_differ_in_case_are_refused():
    loaded = {"a": cohort("a"), "b": cohort("b")}
    both = question(a="als", b="als")
    with pytest.raises(InputError, match=r"^run.yaml, replication: 'als' and 'ALS' differ in case alone"):
        check_replication({"als": both, "ALS": both}, loaded, "run.yaml")


def test_other_names_of_groups_are_told():
    healthy = cohort("b", contrast={"variable": "group", "test": "ALS", "reference": "healthy"})
    assert warnings(cohort("a"), healthy) == [
        "The contrasts do not name the same groups (a 'als vs control', b 'ALS vs healthy'); all are read the same way, the "
        "group named first over the second."
    ]
    upper = cohort("b", contrast={"variable": "group", "test": "ALS", "reference": "control"})
    assert warnings(cohort("a"), upper) == []


def test_combinations_are_told_unless_they_are_the_same():
    slope, other = {"weights": {"age": 1.0}}, {"weights": {"age": 10.0}}
    assert warnings(cohort("a", contrast=slope), cohort("b", contrast=slope)) == []
    found = warnings(cohort("a", contrast=slope), cohort("b", contrast=other))
    assert found == [
        "The contrasts are not written alike (a 'als: +1 × age', b 'als: +10 × age'); their fold changes are pooled as they "
        "are, which is right only where they are of the same comparison and unit."
    ]
    assert len(warnings(cohort("a"), cohort("b", contrast=slope))) == 1


def test_other_endpoints_are_told():
    strict = cohort("b", endpoint={"fold_change": 2, "alpha": 0.01})
    assert warnings(cohort("a"), strict) == [
        "The cohorts' endpoints differ (a 1.5-fold at 0.05, b 2-fold at 0.01). Calls of the cohorts together take that of a, "
        "named first; what counts as called in one cohort stays its own."
    ]


def test_the_same_simulation_is_no_replication():
    same = {"simulate": "mac2als", "seed": 7}
    assert warnings(cohort("a", input=same), cohort("b", input=same)) == [
        "a and b are the same simulated cohort: nothing that they agree in is replicated."
    ]


# --- the sheets ---


@pytest.fixture
def on_disk(tmp_path):
    def write(name, people, *, named=True, samples=None, assay="counts", subset=None, exclude=()):
        sheet = pd.DataFrame(
            {
                "sample": samples or [f"{name}{number}" for number in range(len(people))],
                "person": people,
                "group": ["als", "control"] * (len(people) // 2),
                "age": range(40, 40 + len(people)),
            }
        )
        path = tmp_path / f"{name}.tsv"
        sheet.to_csv(path, sep="\t", index=False)
        rest = {
            "input": {"counts": COUNTS, "samples": str(path)},
            "assay": assay,
            "models": {"primary": {"design": "~ group + age", "subset": subset}},
        }
        path, spec = cohort(name, **rest)
        samples = spec.samples.model_dump() | {"participant": "person" if named else None, "exclude": list(exclude)}
        return path, Cohort(**(spec.model_dump(exclude_unset=True) | {"samples": samples}))

    return write


def test_arrays_beside_counts_are_told(on_disk):
    arrays = on_disk("b", ["q1", "q2", "q3", "q4"], assay="log_intensity")
    assert warnings(on_disk("a", ["p1", "p2", "p3", "p4"]), arrays) == [
        "'b' measured log intensities, 'a' counts. Both give log2 fold changes, but intensities often show large ones "
        "smaller, so a difference between such cohorts may be one of method."
    ]


def test_shared_people_are_told(on_disk):
    first, second = on_disk("a", ["P1", "P2", "P3", "P4"]), on_disk("b", ["p2 ", "x", "P3", "y"])
    assert warnings(first, second) == [
        "a and b share 2 names of participants. If these are the same people, the cohorts are not independent: agreement "
        "between them is no replication, and p-values of both together are too small."
    ]


def test_samples_are_compared_where_people_have_no_names(on_disk):
    names = ["s1", "s2", "s3", "s4"]
    first, second = on_disk("a", names, samples=names), on_disk("b", names, samples=["S4", "u", "v", "w"], named=False)
    assert "a and b share 1 name of samples." in warnings(first, second)[0]


def test_people_outside_the_model_do_not_matter(on_disk):
    first = on_disk("a", ["p1", "p2", "p3", "p4"], subset="age < 42")
    second = on_disk("b", ["p3", "p4", "p5", "p6"])
    assert warnings(first, second) == []
    left_out = [{"sample": "b0", "reason": "consent withdrawn"}]
    assert warnings(on_disk("c", ["p3", "x", "y", "z"]), on_disk("b", ["p3", "p4", "p5", "p6"], exclude=left_out)) == []
