"""Each rule that one cohort file can break by itself, and what the user is told."""

import pytest
from pydantic import ValidationError
from study import COHORT, changed, message

from lateralis.config import DEFAULT_FILES, Cohort, Counts, Run, Samples
from lateralis.configfile import parse_section
from lateralis.errors import InputError


def test_defaults():
    cohort = parse_section(Cohort, COHORT, "cohort.yaml")
    assert (cohort.samples.id, cohort.samples.family, cohort.samples.exclude) == ("sample", None, [])
    assert (cohort.filter.min_count, cohort.filter.min_samples, cohort.filter.min_total) == (None, None, None)
    assert (cohort.missing, cohort.outliers.cells) == ("error", "design")
    assert (cohort.endpoint.fold_change, cohort.endpoint.alpha, cohort.endpoint.headline) == (1.5, 0.05, "fdr")
    assert (cohort.size_factors.method, cohort.size_factors.control_genes) == ("auto", None)
    assert (cohort.input.seed, cohort.input.counts.strand) == (1, "auto")


def test_cohort_cannot_be_changed_after_it_was_checked():
    cohort = parse_section(Cohort, COHORT, "cohort.yaml")
    with pytest.raises(ValidationError, match="frozen"):
        cohort.title = "Another"


def test_columns_are_each_named_once_and_in_order():
    samples = Samples.model_validate({**COHORT["samples"], "replicate_of": "tube", "id": "name"})
    assert samples.columns == ["name", "person", "tube", "group", "site", "age"]


def test_participants_may_be_a_variable_for_paired_designs():
    content = changed(samples__variables__person={"type": "categorical"}, models__paired={"design": "~ person + group"})
    assert parse_section(Cohort, content, "cohort.yaml").samples.columns == ["sample", "person", "group", "site", "age"]


def test_contrasts_of_a_model_keep_the_order_of_the_file():
    content = changed(
        models__second={"design": "~ group"},
        contrasts__z={"model": "primary", "weights": {"age": 1}},
        contrasts__a={"model": "second", "variable": "group", "test": "als", "reference": "control"},
        contrasts__b={"model": "primary", "weights": {"age": -1}},
    )
    cohort = parse_section(Cohort, content, "cohort.yaml")
    assert list(cohort.contrasts_of("primary")) == ["als_vs_control", "z", "b"]
    assert list(cohort.contrasts_of("second")) == ["a"]


def test_levels_that_are_numbers_are_text():
    content = changed(
        samples__variables__dose={"type": "categorical", "levels": [0, 1, 2.5]},
        models__dose={"design": "~ dose"},
        contrasts__two={"model": "dose", "variable": "dose", "test": 2.5, "reference": 0},
    )
    cohort = parse_section(Cohort, content, "cohort.yaml")
    assert cohort.samples.variables["dose"].levels == ["0", "1", "2.5"]
    assert (cohort.contrasts["two"].test, cohort.contrasts["two"].reference) == ("2.5", "0")


@pytest.mark.parametrize("pattern", sorted(DEFAULT_FILES.values()))
def test_default_files_name_the_sample(pattern):
    assert "{sample}" in pattern


def test_files_of_formats_with_one_file_a_sample():
    star = Counts.model_validate({"format": "star", "path": "star"})
    assert (star.one_file, star.file_pattern) == (False, "{sample}.ReadsPerGene.out.tab")
    assert Counts.model_validate({"format": "star", "path": "s", "files": "{sample}/x"}).file_pattern == "{sample}/x"
    assert Counts.model_validate({"format": "nfcore", "path": "x.tsv"}).one_file


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({"format": "csv"}, "input.counts.format: found 'csv'; should be 'matrix', 'featurecounts', 'star'"),
        ({"format": "matrix", "files": "{sample}"}, "`files` is for formats with one file a sample, not for `matrix`"),
        ({"format": "htseq", "sha256": "0" * 64}, "`sha256` is the checksum of one file; `htseq` reads one a sample"),
        ({"format": "matrix", "sha256": "abc"}, "input.counts.sha256: found 'abc'; string should match pattern"),
        ({"format": "htseq", "files": "counts.txt"}, "`files` must contain `{sample}`"),
        ({"format": "salmon"}, "format `salmon` counts transcripts: `tx2gene` must name the table"),
        ({"format": "kallisto"}, "format `kallisto` counts transcripts: `tx2gene` must name the table"),
        ({"format": "star", "tx2gene": "t.tsv"}, "`tx2gene` is for salmon and kallisto, not for `star`: remove it"),
        ({"format": "matrix", "strand": "reverse"}, "`strand` is for star, not for `matrix`: remove it"),
    ],
)
def test_counts_that_do_not_fit_their_format(counts, expected):
    assert expected in message(changed(input__counts={"path": "x", **counts}))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, "input: give both `counts` and `samples`, or `simulate` for a built-in cohort"),
        ({"samples": "s.tsv"}, "input: give both `counts` and `samples`, or `simulate`"),
        ({"simulate": "mac2als", "samples": "s.tsv"}, "input: `simulate` makes its own counts and samples: remove it"),
        ({"simulate": "mac3als"}, "input.simulate: found 'mac3als'; should be 'mac2als', 'mirocals' or 'imodals'"),
        ({"simulate": "mac2als", "seed": -1}, "input.seed: found -1; should be greater than or equal to 0"),
        (None, "input: found None; should hold keys: 'simulate', 'seed', 'counts', 'samples', 'annotation'"),
    ],
)
def test_input_is_files_or_a_simulation(given, expected):
    assert expected in message(changed(input=given))


@pytest.mark.parametrize(
    ("variable", "expected"),
    [
        ({"type": "numeric", "levels": ["a", "b"]}, "variables.x: a numeric variable has no `levels`: remove them"),
        ({"type": "categorical", "scale": True}, "variables.x: `center` and `scale` are for numeric variables"),
        ({"type": "categorical", "levels": ["a", "a"]}, "variables.x: `levels` names a level twice"),
        ({"type": "categorical", "levels": [1, "1"]}, "variables.x: `levels` names a level twice"),
        (
            {"type": "categorical", "levels": ["a"]},
            "variables.x.levels: found ['a']; list should have at least 2 items",
        ),
        ({"type": "categorical", "levels": ["yes", False]}, "YAML read a level as False: put it in quotes, e.g. 'yes'"),
        ({"type": "categorical", "levels": ["a", None]}, "variables.x.levels.1: found None; should be a valid string"),
        ({"type": "factor"}, "variables.x.type: found 'factor'; should be 'categorical' or 'numeric'"),
        ({}, "samples.variables.x.type: is missing"),
        (
            "categorical",
            "variables.x: found 'categorical'; should hold keys: 'type', 'levels', 'score', 'center', 'scale'",
        ),
    ],
)
def test_variables(variable, expected):
    assert expected in message(changed(samples__variables__x=variable))


def test_sentences_are_on_one_line_however_the_file_breaks_them():
    cohort = Cohort(**changed(title="Macrophages\nin ALS\n", models__primary__design="~ site\n  + group\n"))
    assert (cohort.title, cohort.models["primary"].design) == ("Macrophages in ALS", "~ site + group")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"samples__variables": {}}, "samples.variables: found {}; dictionary should have at least 1 item, not 0"),
        ({"samples__id": "group"}, "samples: column `group` is `id` and cannot be a variable as well"),
        ({"samples__participant": ""}, "samples.participant: found ''; string should have at least 1 character"),
        (
            {"samples__participant": "sample"},
            "samples: column `sample` is both `id` and `participant`: each has its own",
        ),
        ({"samples__replicate_of": "person"}, "samples: column `person` is both `replicate_of` and `participant`"),
        (
            {"samples__replicate_of": "site"},
            "samples: column `site` is `replicate_of` and cannot be a variable as well",
        ),
        (
            {"samples__exclude": [{"sample": "S1", "reason": "why"}, {"sample": "S1", "reason": "twice"}]},
            "samples: `exclude` names a sample twice",
        ),
        ({"samples__exclude": [{"sample": "S1"}]}, "samples.exclude.0.reason: is missing"),
        (
            {"samples__exclude": [{"sample": "S1", "reason": ""}]},
            "samples.exclude.0.reason: found ''; string should have",
        ),
        (
            {"samples__exclude": [{"sample": 7, "reason": "why"}]},
            "found 7; YAML reads that as a number: put it in quotes",
        ),
        ({"samples__exclude": ["S1"]}, "samples.exclude.0: found 'S1'; should hold keys: 'sample', 'reason'"),
        ({"filter__min_total": 2, "filter__min_count": 2}, "filter: give `min_total` alone, or `min_count`"),
        ({"filter__min_total": 2, "filter__min_samples": 2}, "filter: give `min_total` alone, or `min_count`"),
        ({"filter__min_samples": 0}, "filter: `min_samples` must be at least 1"),
        (
            {"filter__min_samples": "all"},
            "filter.min_samples: found 'all'; should be a valid integer, or should be 'small",
        ),
        ({"filter__min_count": 1.5}, "filter.min_count: found 1.5; should be a valid integer"),
        ({"filter__min_count": True}, "filter.min_count: found True; should be a valid integer"),
        (
            {"size_factors__method": "tmm"},
            "size_factors.method: found 'tmm'; should be 'auto', 'ratio' or 'poscounts'",
        ),
        ({"size_factors__genes": "x"}, "size_factors.genes: unknown key; known keys here: 'method', 'control_genes'"),
        ({"missing": "impute"}, "missing: found 'impute'; should be 'error' or 'drop'"),
        ({"outliers__cells": "group"}, "outliers.cells: found 'group'; should be 'design', or should be a valid list"),
        ({"outliers__cells": []}, "outliers.cells: found []; should be 'design', or list should have at least 1 item"),
        ({"outliers__cells": ["arm"]}, "outliers.cells: 'arm' is not among samples.variables ('group', 'site', 'age')"),
        ({"outliers__cells": ["age"]}, "outliers.cells: 'age' is numeric; cells are made of categorical variables"),
        ({"endpoint__alpha": 1}, "endpoint.alpha: found 1; should be less than 1"),
        ({"endpoint__alpha": 0}, "endpoint.alpha: found 0; should be greater than 0"),
        ({"endpoint__alpha": float("nan")}, "endpoint.alpha: found nan; should be"),
        ({"endpoint__fold_change": 0.5}, "endpoint.fold_change: found 0.5; should be greater than or equal to 1"),
        ({"endpoint__headline": "padj"}, "endpoint.headline: found 'padj'; should be 'nominal', 'fdr' or 'strict'"),
        ({"title": ""}, "title: found ''; string should have at least 1 character"),
        ({"models": {}}, "models: found {}; dictionary should have at least 1 item"),
        ({"contrasts": {}}, "contrasts: found {}; dictionary should have at least 1 item"),
    ],
)
def test_sections(changes, expected):
    assert expected in message(changed(**changes))


@pytest.mark.parametrize(
    ("design", "expected"),
    [
        ("~ arm", "models.other.design: 'arm' is not among samples.variables ('group', 'site', 'age')"),
        ("~ log2(site)", "models.other.design: log2(site) needs a numeric variable; 'site' is categorical"),
        ("~ exp(age)", "models.other: '~ exp(age)': exp() is not allowed; there is log, log2, log10, log1p, sqrt"),
        ("group", "models.other: 'group': found 'group' where '~' should stand"),
        ("~ __import__('os').system('true')", "models.other: '~ __import__('os')"),
    ],
)
def test_designs(design, expected):
    assert expected in message(changed(models__other={"design": design}))


@pytest.mark.parametrize(
    ("subset", "expected"),
    [
        ("arm == 'x'", "models.other.subset: 'arm' is not among samples.variables"),
        ("age > 'old'", "models.other.subset: 'age' is numeric; compare it with a number"),
        ("group > 'als'", "models.other.subset: 'group' is categorical; compare it with ==, !=, in or not in"),
        ("group == 1", "models.other.subset: 'group' is categorical; put its level in quotes: '1'"),
        ("group == 'ALS'", "models.other.subset: 'ALS' is no level of group; there is 'control', 'als'"),
        ("group in ['als', 'x']", "models.other.subset: 'x' is no level of group; there is 'control', 'als'"),
    ],
)
def test_subsets(subset, expected):
    assert expected in message(changed(models__other={"design": "~ age", "subset": subset}))


def test_subset_may_name_an_undeclared_level_only_where_levels_are_not_listed():
    content = changed(models__other={"design": "~ age", "subset": "site in ['Paris', 'London'] and not age < 18"})
    assert parse_section(Cohort, content, "cohort.yaml").models["other"].subset is not None


LEVELS = {"variable": "group", "test": "als", "reference": "control"}


@pytest.mark.parametrize(
    ("contrast", "expected"),
    [
        ({"model": "second", **LEVELS}, "contrasts.x.model: there is no model 'second'; there is 'primary'"),
        ({**LEVELS}, "contrasts.x.model: is missing"),
        ({"model": "primary"}, "contrasts.x: give `variable`, `test` and `reference`, or `weights`"),
        (
            {"model": "primary", "variable": "group", "test": "als"},
            "contrasts.x: give `variable`, `test` and `reference`",
        ),
        ({"model": "primary", **LEVELS, "weights": {"age": 1}}, "contrasts.x: give `weights` alone, or"),
        (
            {"model": "primary", **LEVELS, "reduced": "~ age"},
            "contrasts.x: `reduced` asks a question of its own: remove it, or all other keys but `model`",
        ),
        ({"model": "primary", "weights": {"age": 1}, "reduced": "~ age"}, "contrasts.x: `reduced` asks a question"),
        ({"model": "primary", "reduced": "age"}, "contrasts.x.reduced: 'age': found 'age' where '~' should stand"),
        ({"model": "primary", "reduced": "~ arm"}, "contrasts.x.reduced: 'arm' is not among samples.variables"),
        (
            {"model": "primary", "reduced": "~ site"},
            "contrasts.x.reduced: 'site' is not in the design of model 'primary' (~ age + group); a reduced design is",
        ),
        (
            {"model": "primary", "reduced": "~ group + age"},
            "contrasts.x.reduced: leaves nothing out of the design of model 'primary' (~ age + group)",
        ),
        ({"model": "primary", "reduced": "~ exp(age)"}, "contrasts.x.reduced: '~ exp(age)': exp() is not allowed"),
        ({"model": "primary", "weights": {}}, "contrasts.x.weights: found {}; dictionary should have at least 1 item"),
        ({"model": "primary", "weights": {"age": 0}}, "contrasts.x: `weights` are all zero: nothing would be tested"),
        ({"model": "primary", "weights": {"age": float("inf")}}, "weights.age: found inf; should be a finite number"),
        ({"model": "primary", "weights": {"age": "one"}}, "weights.age: found 'one'; should be a valid number"),
        (
            {"model": "primary", **LEVELS, "reference": "als"},
            "`test` and `reference` are both 'als': name two different",
        ),
        (
            {"model": "primary", **LEVELS, "test": "ALS"},
            "contrasts.x.test: 'ALS' is no level of group; there is 'control'",
        ),
        ({"model": "primary", **LEVELS, "reference": "co"}, "contrasts.x.reference: 'co' is no level of group"),
        (
            {"model": "primary", **LEVELS, "test": True},
            "test: found True; YAML reads that as true or false: put it in quotes",
        ),
        (
            {"model": "primary", **LEVELS, "variable": "age"},
            "contrasts.x.variable: 'age' is numeric; test it with `weights`",
        ),
        (
            {"model": "primary", **LEVELS, "variable": "arm"},
            "contrasts.x.variable: 'arm' is not among samples.variables",
        ),
        (
            {"model": "primary", "variable": "site", "test": "Paris", "reference": "London"},
            "contrasts.x.variable: 'site' is not in the design of model 'primary' (~ age + group); add it there",
        ),
    ],
)
def test_contrasts(contrast, expected):
    assert expected in message(changed(contrasts__x=contrast))


def test_levels_of_a_variable_in_an_interaction_are_ambiguous():
    told = message(changed(models__primary={"design": "~ age * group"}))
    assert "contrasts.als_vs_control.variable: 'group' takes part in age:group, so the difference" in told
    assert "say which one is meant with `weights`" in told


@pytest.mark.parametrize(
    ("reduced", "label", "grouping"),
    [
        ("~ age + site", "any effect of group, group:site", None),
        ("~ site + group + age", "any effect of group:site", None),
        ("~ group * site", "any effect of age", None),
        ("~ -1 + age + site * group", "any effect of the intercept", None),
        ("~ 1", "any effect of age, group, site, group:site", None),
    ],
)
def test_a_reduced_design_is_named_by_what_it_lacks(reduced, label, grouping):
    content = changed(
        models__crossed={"design": "~ age + group * site"}, contrasts__x={"model": "crossed", "reduced": reduced}
    )
    cohort = parse_section(Cohort, content, "cohort.yaml")
    assert (cohort.label("x"), cohort.grouping("x")) == (label, grouping)


def test_a_contrast_is_named_by_what_it_compares():
    content = changed(
        contrasts={
            "slope": {"model": "primary", "weights": {"age": 1, "group[T.als]": -0.5}},
            "any": {"model": "primary", "reduced": "~ age"},
            "levels": COHORT["contrasts"]["als_vs_control"],
        }
    )
    cohort = parse_section(Cohort, content, "cohort.yaml")
    labels = ["slope: +1 × age -0.5 × group[T.als]", "any effect of group", "als vs control"]
    assert [cohort.label(name) for name in cohort.contrasts] == labels
    assert [cohort.grouping(name) for name in cohort.contrasts] == [None, "group", "group"]
    assert cohort.group_variable == "group"


def test_run_takes_one_path_or_many():
    assert Run.model_validate({"cohorts": "a b.yaml"}).cohorts == ["a b.yaml"]
    assert Run.model_validate({"cohorts": ["a.yaml", "b.yaml"]}).cohorts == ["a.yaml", "b.yaml"]
    with pytest.raises(InputError, match=r"cohorts: found \[\]; list should have at least 1 item"):
        parse_section(Run, {"cohorts": []}, "config.yaml")
