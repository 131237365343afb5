"""A cohort with 60 changed genes of 600, fitted once."""

import pytest
from trust_cohorts import cohort


@pytest.fixture(scope="session")
def changed():
    return cohort()
