"""The arguments of a small payload with every part filled."""

from typing import Any

import pytest
from page_arguments import arguments

from lateralis.config import Endpoint
from lateralis.model.endpoint import call_genes


@pytest.fixture
def given() -> dict[str, Any]:
    return arguments()


@pytest.fixture
def with_lrt(given) -> dict[str, Any]:
    """The same with a likelihood-ratio test."""
    results = given["contrasts"][0]["results"]
    statistics = results[["gene_id", "gene_name", "baseMean", "stat", "pvalue", "na_reason"]].assign(
        na_reason=results["na_reason"].replace("independent_filtering", "")
    )
    contrast = {
        "name": "any_group",
        "model": "primary",
        "label": "any effect of group",
        "status": "tested",
        "reason": "",
        "test": "lrt",
        "reduced": "~ batch + sex",
        "degrees_of_freedom": 3,
        "groups": {"in the model": 176},
        "results": call_genes(statistics, Endpoint()),
        "results_path": "contrasts/any_group/results.tsv.gz",
        "warnings": [],
    }
    return given | {"contrasts": [*given["contrasts"], contrast]}
