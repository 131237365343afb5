"""The sex of each sample's cells by expression, held against the sheet: a disagreement is a swap, a mix-up, or an error there.

Cells of men transcribe genes of the Y chromosome; XIST is transcribed from the inactive X of women. The limits are wide:
in 31 samples of whole blood and 8 of airway muscle the expressing sex has 110 to 1,200 counts per million and the other
below 7 of XIST and below 3 of the Y-linked genes; one sample of mixed cells has both. Lines of stem cells may have lost
XIST (0 to 16 in 20 macrophages without Y-linked genes) and older men's blood cells the Y chromosome; then the answer is
`unknown`, never the other sex.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from lateralis.qc.flags import FLAG_COLUMNS, NOT_ASSESSED
from lateralis.qc.markers import find_markers

XIST = {"XIST": "ENSG00000229807"}
Y_LINKED = {
    "RPS4Y1": "ENSG00000129824",
    "DDX3Y": "ENSG00000067048",
    "KDM5D": "ENSG00000012817",
    "UTY": "ENSG00000183878",
    "EIF1AY": "ENSG00000198692",
    "USP9Y": "ENSG00000114374",
    "ZFY": "ENSG00000067646",
    "TXLNGY": "ENSG00000131002",
}
XIST_LIMIT, Y_LIMIT = (
    10.0,
    20.0,
)  # counts per million from which a sample expresses XIST, and the Y-linked genes together
STATED = {
    **dict.fromkeys(("f", "female", "woman", "w", "xx", "femme", "weiblich"), "F"),
    **dict.fromkeys(("m", "male", "man", "xy", "homme", "h", "männlich"), "M"),
}
WORDS = {"F": "a woman's", "M": "a man's"}


def infer_sex(counts: np.ndarray, genes: pd.DataFrame, samples: pd.Index) -> pd.DataFrame:
    """Sex of each sample's cells.

    Parameters
    ----------
    counts : (n_samples, n_genes) integers
    genes : (n_genes, …) with ensembl_id and gene_name
    samples : (n_samples,) names

    Returns
    -------
    DataFrame, index sample: xist and y_linked (log2 of counts per million plus one; the Y-linked genes together; NaN where
    there are none among the genes), inferred_sex (`F`, `M`, `ambiguous`: both expressed, `unknown`: neither, or the one
    that would tell is not among the genes; empty where none is) and reason
    """
    per_million = 1e6 / counts.sum(axis=1, dtype=np.int64)
    measured = {}
    for name, markers in (("xist", XIST), ("y_linked", Y_LINKED)):
        at = find_markers(genes, markers).to_numpy()
        measured[name] = counts[:, at].sum(axis=1) * per_million if len(at) else np.full(len(counts), np.nan)
    x, y = measured["xist"], measured["y_linked"]
    known_x, known_y = ~np.isnan(x).all(), ~np.isnan(y).all()
    female, male = x >= XIST_LIMIT, y >= Y_LIMIT
    found = pd.DataFrame({name: np.log2(values + 1) for name, values in measured.items()}, index=samples)
    if not known_x and not known_y:
        reason = "neither XIST nor a Y-linked gene is among the genes"
        return found.assign(inferred_sex="", reason=reason)
    found["inferred_sex"] = np.select([female & male, female, male], ["ambiguous", "F", "M"], "unknown")
    found["reason"] = np.select(
        [female & male, female, male],
        [
            "expresses XIST and Y-linked genes: two people's cells, or two X and a Y chromosome",
            "expresses XIST" + (" and no Y-linked gene" if known_y else "; no Y-linked gene is among the genes"),
            "expresses Y-linked genes" + (" and no XIST" if known_x else "; XIST is not among the genes"),
        ],
        "expresses no Y-linked gene, and XIST is not among the genes"
        if not known_x
        else "expresses no XIST, and no Y-linked gene is among the genes"
        if not known_y
        else "expresses neither XIST, which some cells lack, nor Y-linked genes, which older men may lose",
    )
    return found


def stated_sex(values: pd.Series | None, samples: pd.Index) -> pd.Series:
    """The sheet's sex as `F`, `M`, empty (blank, or no such column) or, where no such word is known, the word itself."""
    if values is None:
        return pd.Series("", index=samples, dtype=object)
    text = values.astype(object).where(values.notna(), "").astype(str)
    return text.map(lambda word: STATED.get(word.strip().casefold(), word))


def compare_sex(inferred: pd.DataFrame, stated: pd.Series) -> pd.DataFrame:
    """Verdict on each sample's sex.

    Parameters
    ----------
    inferred : as `infer_sex` gives it
    stated : as `stated_sex` gives it, in the same order

    Returns
    -------
    DataFrame with `flags.FLAG_COLUMNS`, check `sex`; value is y_linked − xist (log2). `fail` where sheet and expression
    disagree, `warn` where expression is ambiguous, `not assessed` where it cannot tell; where the sheet is blank, `ok`, and
    the reason says what is inferred.
    """
    rows = []
    for sample, row, sheet in zip(inferred.index, inferred.to_dict("records"), stated, strict=True):
        sex = row["inferred_sex"]
        if sex in ("", "unknown"):
            verdict, reason = NOT_ASSESSED, row["reason"]
        elif sex == "ambiguous":
            verdict, reason = "warn", row["reason"]
        elif sheet == "":
            verdict, reason = "ok", f"the sheet gives no sex; inferred: {sex}"
        elif sheet not in WORDS:
            verdict, reason = NOT_ASSESSED, f"the sheet's word '{sheet}' is neither female nor male; inferred: {sex}"
        elif sheet != sex:
            verdict, reason = "fail", f"{WORDS[sheet]} by the sheet, {WORDS[sex]} by expression"
        else:
            verdict, reason = "ok", ""
        rows.append((sample, "sex", row["y_linked"] - row["xist"], np.nan, verdict, reason))
    return pd.DataFrame(rows, columns=list(FLAG_COLUMNS))


def completed_sex(inferred: pd.DataFrame, stated: pd.Series) -> pd.DataFrame:
    """The sheet's sex, and where that is blank the inferred one, marked as such; for checks, never for a design.

    Returns
    -------
    DataFrame, index sample: sex (`F`, `M` or empty) and source (`sheet`, `inferred` or empty)
    """
    sheet = stated.where(stated.isin(list(WORDS)), "")
    clear = inferred["inferred_sex"].where(inferred["inferred_sex"].isin(list(WORDS)), "")
    source = np.select([sheet != "", clear != ""], ["sheet", "inferred"], "")
    return pd.DataFrame({"sex": sheet.where(sheet != "", clear), "source": source}, index=inferred.index)
