"""What happened to whom: the ledger of samples, the cohort's Table 1, and the provenance of a run."""
