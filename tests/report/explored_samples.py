"""Twelve samples of 400 genes behind the linked views."""

import numpy as np
import pandas as pd

from lateralis.report.explorer import Explored, Explorer, build_explorer

NO_VIEWS = Explorer({"contrasts": [], "samples": None}, {})


def annotation(results: pd.DataFrame) -> pd.DataFrame:
    table = results[["gene_id", "gene_name"]].set_index("gene_id")
    return table.assign(biotype="protein_coding")


def explored(n_genes: int = 400, *, names: list[str] | None = None, repeated: bool = False, **more) -> Explored:
    rng = np.random.default_rng(3)
    counts = rng.negative_binomial(5, 0.02, size=(12, n_genes)) * rng.integers(0, 40, n_genes)
    variables = pd.DataFrame(
        {
            "group": pd.Categorical(["carrier"] * 5 + ["als"] * 7, categories=["carrier", "als"]),
            "sex": pd.Categorical(["F", "M"] * 6),
            "age": np.append(np.linspace(40, 70, 11), np.nan),
        }
    )
    return Explored(
        values=counts,
        size_factors=rng.uniform(0.5, 2, 12),
        names=names or [f"S{number:03d}" for number in range(1, 13)],
        participants=np.arange(12) // 2 if repeated else None,
        variables=variables,
        components=rng.normal(size=(12, 4)),
        explained=np.array([0.4, 0.2, 0.1, 0.05]),
        **more,
    )


def made_explorer(given, samples: Explored | None = None, **more) -> Explorer:
    """The linked views of a payload's arguments."""
    tested = [contrast for contrast in given["contrasts"] if contrast["status"] == "tested"]
    genes = annotation(tested[0]["results"])
    endpoint = {name: given[name] for name in ("cohort", "fold_change", "alpha", "headline")}
    return build_explorer(tested, genes, samples or explored(len(genes)), **endpoint, **more)
