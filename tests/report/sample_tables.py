"""Three samples as the ledger and the flags have them."""

import numpy as np
import pandas as pd

FLAGS = pd.DataFrame(
    {
        "sample": ["S001", "S002", "S003"],
        "check": ["library_size", "library_size", "sex"],
        "value": [9e5, 2e7, np.nan],
        "threshold": [1e6, 5e6, np.nan],
        "verdict": ["fail", "ok", "not assessed"],
        "reason": ["below 1,000,000 counts", "", "no XIST among the genes"],
    }
)
LEDGER = pd.DataFrame(
    {
        "sample": ["S001", "S002", "S003", "S003"],
        "status": ["kept", "excluded", "kept", "kept"],
        "reason": ["", "consent withdrawn", "", ""],
        "contrast:als_vs_carrier": ["test", "absent", "reference", "reference"],
        "replaced:als_vs_carrier": [2, 0, 5, 5],
    }
)
TABLES = {
    "Sex by the sheet.": pd.DataFrame({"in_the_sheet": ["female"], "female": [3], "pvalue": [1e-9]}),
    "Nothing.": pd.DataFrame(),
}
