"""A cohort file that is right, ways to change it, and what a wrong one is told."""

import copy

import pytest

from lateralis.config import Cohort
from lateralis.configfile import parse_section
from lateralis.errors import InputError

COHORT = {
    "cohort": "study-1",
    "title": "A study",
    "input": {"counts": {"format": "matrix", "path": "counts.tsv"}, "samples": "samples.tsv"},
    "samples": {
        "participant": "person",
        "variables": {
            "group": {"type": "categorical", "levels": ["control", "als"]},
            "site": {"type": "categorical"},
            "age": {"type": "numeric", "center": True},
        },
    },
    "models": {"primary": {"design": "~ age + group"}},
    "contrasts": {"als_vs_control": {"model": "primary", "variable": "group", "test": "als", "reference": "control"}},
}


def changed(**changes):
    """The cohort above with keys set at paths such as `samples__exclude`."""
    content = copy.deepcopy(COHORT)
    for path, value in changes.items():
        *parents, key = path.split("__")
        section = content
        for parent in parents:
            section = section.setdefault(parent, {})
        section[key] = value
    return content


def message(content):
    with pytest.raises(InputError) as caught:
        parse_section(Cohort, content, "cohort.yaml")
    return str(caught.value)
