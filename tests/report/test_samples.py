"""What the page says of samples: roles that add up, flags with what became of the sample, tables in readable numbers."""

import pandas as pd
from sample_tables import FLAGS, LEDGER, TABLES

from lateralis.report.samples import build_samples, flag_sentence, kept_sentence, sex_table, shown_table


def built(ledger=LEDGER, flags=FLAGS):
    return build_samples(ledger, flags, {"als_vs_carrier": "als against carrier"}, TABLES)


def test_each_sample_is_counted_once_and_the_roles_add_up():
    found = built()
    (roles,) = found["roles"]
    assert [roles[role] for role in ("test", "reference", "fit_only", "absent", "total")] == [1, 1, 0, 1, 3]
    assert roles["replaced"] == 7
    assert found["excluded"] == [{"sample": "S002", "reason": "consent withdrawn"}]
    assert kept_sentence(found) == "3 samples in sheet and counts, 1 excluded by the config."


def test_flags_say_what_became_of_the_sample():
    flags = FLAGS.assign(verdict=["warn", "fail", "not assessed"])
    found = built(flags=flags)
    assert [(flag["sample"], flag["verdict"], flag["status"]) for flag in found["flags"]] == [
        ("S002", "fail", "excluded"),
        ("S001", "warn", "kept"),
    ]
    assert found["not_assessed"] == [{"check": "sex", "reason": "no XIST among the genes", "samples": 1}]
    assert flag_sentence(found).startswith("2 of 2 checks raised a flag, in 2 samples.")


def test_tables_are_shown_as_people_read_them():
    (table,) = built()["tables"]
    assert table["title"] == "Sex by the sheet."
    assert [(column["name"], column["number"]) for column in table["columns"]] == [
        ("in the sheet", False),
        ("female", True),
        ("pvalue", True),
    ]
    assert table["rows"] == [["female", "3", "1.0e-09"]]
    odd = pd.DataFrame({"a": [None, ""], "b": [float("nan"), 123456.7], "c": [True, False]})
    assert shown_table("", odd)["rows"] == [["–", "–", "yes"], ["–", "123,457", "no"]]


def test_the_sheets_sex_against_expression():
    sex = pd.DataFrame({"stated": ["F", "F", "M", ""], "inferred_sex": ["F", "M", "M", "ambiguous"]})
    found = sex_table(sex).set_index("in the sheet")
    assert found.loc["female"].tolist() == [1, 1, 0, 0]
    assert found.loc["male"].tolist() == [0, 1, 0, 0]
    assert found.loc["no sex"].tolist() == [0, 0, 1, 0]
