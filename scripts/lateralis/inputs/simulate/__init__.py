"""Cohorts with a known truth, shaped like the three studies: `simulate_cohort` makes one, from a name and a seed."""

from lateralis.inputs.simulate.cohorts import SimulatedCohort, simulate_cohort

__all__ = ["SimulatedCohort", "simulate_cohort"]
