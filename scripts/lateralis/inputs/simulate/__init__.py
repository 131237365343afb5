"""Cohorts with a known truth, shaped like the three studies: `cohorts.simulate_cohort` makes one, from a name and a seed."""
