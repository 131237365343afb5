"""One sample a family or participant, the first in the sheet."""

import pandas as pd
import pytest

from lateralis.config import Model, Samples
from lateralis.errors import InputError
from lateralis.model.preflight import arrange_model

SAMPLES = Samples(family="family", variables={"group": {"type": "categorical", "levels": ["a", "b"]}})


def arrange(one_per, families):
    obs = pd.DataFrame(
        {"group": pd.Categorical(list("abababab"), categories=["a", "b"]), "family": families},
        index=[f"s{number}" for number in range(8)],
    )
    model = Model(design="~ group", one_per=one_per, subset="group in ['a', 'b']")
    return arrange_model(obs, model, SAMPLES, missing="error", cells="design", where="f")


def test_relatives_but_the_first_are_left_out_with_the_reason():
    model = arrange("family", ["f1", "f1", "", "f2", None, "f1", "f2", ""])
    assert list(model.obs.index) == ["s0", "s2", "s3", "s4", "s7"]
    assert model.reasons["s5"] == "another sample of its family is taken"


def test_another_column_is_refused():
    with pytest.raises(InputError, match="one_per: 'group' is no role"):
        arrange("group", [""] * 8)
