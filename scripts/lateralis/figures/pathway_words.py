"""What the figures of gene sets share: which sets they show, how names and p-values are written, how many are found."""

from __future__ import annotations

import numpy as np
import pandas as pd

from lateralis.biology.verdicts import HERE_ONLY, SIGNIFICANT

LONGEST_SET = 46
NOTHING = "No gene set was tested in this contrast, so there is nothing to draw."


def leading_sets(pathways: pd.DataFrame, most: int) -> pd.DataFrame:
    """The surest sets of one contrast that stand for themselves, at most `most`; those with a normalised score.

    Parameters
    ----------
    pathways : rows of `pathways.tsv` of one contrast, surest first
    """
    own = pathways["representative"] == pathways["set"]
    return pathways[own & pathways["NES"].notna()].head(most)


def set_name(name: str, longest: int = LONGEST_SET) -> str:
    """A set's name that fits beside a figure; a long one loses its middle, for names often differ at the end."""
    words = name.replace("_", " ")
    if len(words) <= longest:
        return words
    tail = longest // 3
    return f"{words[: longest - tail - 1]}…{words[-tail:]}"


def p_text(pvalue: float) -> str:
    """A p-value in a figure: `0.03`, `2e-06`, `< 1e-99`."""
    if np.isnan(pvalue):
        return "–"
    return "< 1e-99" if pvalue < 1e-99 else f"{pvalue:.2g}"


def count_words(pathways: pd.DataFrame, alpha: float) -> str:
    """How many sets were tested and what they come to, in a sentence."""
    verdicts = pathways["verdict"].value_counts()
    alone = int(sum(count for verdict, count in verdicts.items() if str(verdict).endswith("only"))) - int(
        verdicts.get(HERE_ONLY, 0)
    )
    significant = pathways[pathways["verdict"] == SIGNIFICANT]
    up, down = (int((significant["direction"] == way).sum()) for way in ("up", "down"))
    more = f"; {alone:,} more by GSEA or over-representation alone, which take genes for independent" if alone else ""
    return f"Of {len(pathways):,} sets, {up:,} up and {down:,} down by camera (adjusted p < {alpha:g}){more}."
