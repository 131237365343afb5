"""lateralis: differential expression in ALS immune-cell cohorts, from counts to a report."""

__version__ = "0.1.0"
