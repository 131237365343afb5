"""The three simulated cohorts, drawn once for all tests of the inputs."""

import pytest

from lateralis.inputs.simulate.cohorts import simulate_cohort


@pytest.fixture(scope="session")
def mac2als():
    return simulate_cohort("mac2als", 7)


@pytest.fixture(scope="session")
def mirocals():
    return simulate_cohort("mirocals", 7)


@pytest.fixture(scope="session")
def imodals():
    return simulate_cohort("imodals", 7)
