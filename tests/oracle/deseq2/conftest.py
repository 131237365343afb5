"""Reading of the tables that make.R wrote."""

from pathlib import Path

import pandas as pd
import pytest

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def oracle():
    """A function that reads one of the tables; `matrix=True`: genes × samples, the index gene_id."""

    def read(name: str, *, matrix: bool = False) -> pd.DataFrame:
        path = next(path for path in (HERE / f"{name}.tsv", HERE / f"{name}.tsv.gz") if path.exists())
        table = pd.read_csv(path, sep="\t", float_precision="round_trip")
        return table.set_index(table.columns[0]) if matrix else table

    return read


@pytest.fixture(scope="session")
def cohort(oracle):
    """Counts (genes × samples) and typed sample sheet of make.R's cohort."""
    sheet = oracle("cohort_samples", matrix=True)
    sheet["group"] = pd.Categorical(sheet["group"], ["control", "motor", "carrier", "als"])
    sheet["batch"] = pd.Categorical(sheet["batch"])
    return oracle("cohort_counts", matrix=True), sheet
