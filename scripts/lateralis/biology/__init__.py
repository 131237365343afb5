"""What follows the tests: gene sets, biomarkers, proteins, replication."""
