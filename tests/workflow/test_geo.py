"""The export for GEO is a target of its own: made on request alone, from the counts without a fit."""

import hashlib
from collections import Counter

import anndata as ad
import numpy as np
import pandas as pd


def test_it_is_made_on_request_with_the_counts_of_the_cohort(workspace):
    assert not (workspace.results() / "geo").exists()
    outcome = workspace.run("geo")
    assert outcome.status == 0, outcome.output
    assert Counter(rule for rule in outcome.jobs if rule != "geo") == Counter(["export_geo"])
    folder = workspace.results() / "geo"
    for line in (folder / "md5sums.txt").read_text().splitlines():
        digest, name = line.split("  ")
        assert hashlib.md5((folder / name).read_bytes()).hexdigest() == digest
    data = ad.read_h5ad(workspace.results() / "counts.h5ad")
    raw = pd.read_csv(folder / "tiny_raw_counts.tsv.gz", sep="\t", index_col=0, keep_default_na=False, na_values=[])
    assert raw.columns.tolist() == data.obs_names.tolist()
    assert raw.index.tolist() == data.var_names.tolist()
    np.testing.assert_array_equal(raw.to_numpy(), np.asarray(data.X).T)
    assert workspace.planned("geo") == Counter()


def test_it_needs_no_fit(fresh):
    planned = fresh.planned("results/tiny/geo")
    assert planned == Counter(["import_counts", "accept_counts", "normalise_counts", "export_geo"])
