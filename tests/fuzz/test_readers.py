"""Every reader of a user's file, on some 10,000 hostile cases: a result or a sentence, never a traceback, a hang or 2 GB.

Cases are the same each time. A defect that they find gets a plain test of its own beside the reader's others.
"""

import gzip

import anndata as ad
import numpy as np
import pandas as pd
import pytest
import yaml
from hostile import changed_bytes, changed_data, sentences, tables
from hypothesis import strategies as st
from scipy import sparse

from lateralis.biology.biomarkers.locations import read_locations
from lateralis.config import Cohort, Counts, Run, Samples
from lateralis.configfile import expand_contrasts, load_cohort, parse_section, read_yaml
from lateralis.errors import InputError
from lateralis.expressions import ExpressionError, comparisons, parse_formula, parse_subset
from lateralis.inputs.annotation import annotate, read_annotation
from lateralis.inputs.control_genes import read_control_genes
from lateralis.inputs.counts import ONE_FILE, check_counts_header, read_counts
from lateralis.inputs.gene_sets import read_gmt
from lateralis.inputs.network import read_network
from lateralis.inputs.panel_file import read_panels
from lateralis.inputs.relatedness import read_relatedness
from lateralis.inputs.samples import biological_samples, read_samples
from lateralis.model.preflight import check_cohort
from lateralis.stages import Relatedness

QUICK, MANY = 20, 650
SAMPLES = ["S1", "S2", "S3", "NA"]
GENES = [f"ENSG{number:011d}.1" for number in range(6)]
COUNTS = np.arange(24).reshape(6, 4) + 1

MATRIX = pd.DataFrame(COUNTS, index=pd.Index(GENES, name="gene_id"), columns=SAMPLES).to_csv(sep="\t").encode()
FEATURECOUNTS = b"# Program:featureCounts\nGeneid\tChr\tStart\tEnd\tStrand\tLength\ta/S1.bam\ta/S2.bam\n" + b"".join(
    b"g%d\t1;1\t1;9\t5;20\t+;+\t15\t%d\t%d\n" % (gene, gene, gene + 1) for gene in range(4)
)
NFCORE = b"gene_id\tgene_name\tS1\tS2\n" + b"".join(b"g%d\tN%d\t%d.5\t%d\n" % (n, n, n, n + 1) for n in range(4))
STAR = b"N_unmapped\t1\t1\t1\nN_multimapping\t1\t1\t1\nN_noFeature\t2\t3\t4\nN_ambiguous\t0\t0\t0\n" + b"".join(
    b"g%d\t%d\t%d\t%d\n" % (n, 900 + n, n, 890 + n) for n in range(4)
)
HTSEQ = b"g1\t5\ng2\t0\ng3\t7\n__no_feature\t3\n__ambiguous\t1\n"
SALMON = b"Name\tLength\tEffectiveLength\tTPM\tNumReads\n" + b"".join(
    b"t%d.1\t900\t%d.5\t%d\t%d.25\n" % (n, 700 + n, n, 10 * n) for n in range(6)
)
KALLISTO = b"target_id\tlength\teff_length\test_counts\ttpm\n" + b"".join(
    b"t%d.1|x|\t900\t%d.5\t%d\t%d.25\n" % (n, 700 + n, 10 * n, n) for n in range(6)
)
TX2GENE = b"transcript\tgene\n" + b"".join(b"t%d.1\tg%d\n" % (n, n // 2) for n in range(6))
SHEET = (
    b"sample\tperson\tbio\tgroup\tage\tnote\nS1\tP1\t\tals\t61\tx\nS2\tP2\t\tcontrol\t5e1\ty\nNA\tP2\tB\tals\tNA\t\n"
)
GENE_TABLE = b'gene_id,gene_name,chromosome,biotype\ng1,A,chr1,protein_coding\ng2.3,"B,C",chrM,\ng3,,X,lncRNA\n'
GTF = b"#!genome\n" + b"".join(
    b'chr%d\tx\tgene\t1\t9\t.\t+\t.\tgene_id "g%d.1"; gene_name "N%d"; gene_type "lncRNA";\n' % (n, n, n)
    for n in range(4)
)
LOCATIONS = b"gene\tlocation\tsource\ng1\tsurface\tx\nB\tsecreted\ty\ng3.2\tsecreted\t\n"
CONTROL = b"g1\ng2\n\ng3\n"
GMT = b"first\thttp://x\tA\tB\tC\nsecond (M1)\t\tB\tD\n"
NETWORK = b"source\ttarget\tweight\nTF1\tA\t1\nTF1\tB\t-0.5\nTF2\tC\t1e2\n"
SOMALIER = b"#sample_a\tsample_b\trelatedness\tibs0\nS1\tS2\t0.51\t400\nS1\tNA\t0.98\t2\n"
NGSCHECKMATE = b"S1.bam\tmatched\tS2.vcf.gz\t0.98\t35.2\nS1.bam\tunmatched\tNA.bam\t0.1\t35.2\n"
PANELS = {
    "title": "T",
    "panels": {"t": {"title": "T", "role": "state", "source": "us", "genes": {"A": "g1", "B": "g2"}}},
}
COHORT = {
    "cohort": "study",
    "title": "A study",
    "input": {"counts": {"format": "matrix", "path": "counts.tsv"}, "samples": "samples.tsv"},
    "samples": {
        "participant": "person",
        "variables": {
            "group": {"type": "categorical", "levels": ["control", "als"]},
            "batch": {"type": "categorical"},
            "age": {"type": "numeric", "center": True},
        },
        "exclude": [{"sample": "S9", "reason": "failed"}],
    },
    "missing": "drop",
    "outliers": {"cells": ["group"]},
    "qc": {"panel": "none", "checks": {"library_size": {"warn_at": 1e6}}},
    "models": {
        "primary": {"design": "~ batch + age * group", "subset": "group in ['als', 'control'] and age > 5"},
        "plain": {"design": "~ batch + log2(age) + group"},
    },
    "contrasts": {
        "als_vs_control": {"model": "plain", "variable": "group", "test": "als", "reference": "control"},
        "slope": {"model": "primary", "weights": {"age:group[T.als]": 1}},
        "any": {"model": "plain", "reduced": "~ batch"},
        "at_{batch}": {
            "for_each": {"batch": ["b1", "b2"]},
            "model": "plain",
            "differences": [{"test": {"group": "als"}, "reference": {"group": "control"}}],
        },
    },
    "report": {"release": {"band": {"age": 10}}},
}
PEOPLE = pd.DataFrame(
    {
        "sample": [f"S{number}" for number in range(12)],
        "person": [f"P{number}" for number in range(12)],
        "group": ["als", "control"] * 6,
        "batch": ["b1", "b1", "b2"] * 4,
        "age": [40 + 3 * number for number in range(12)],
    }
)


def h5ad(folder, x):
    """An h5ad file as bytes."""
    var = pd.DataFrame({"gene_symbol": pd.Categorical(["A", "B", "C"])}, index=["g1", "g2", "g3"])
    ad.AnnData(x, obs=pd.DataFrame(index=["S1", "S2"]), var=var).write_h5ad(folder / "seed.h5ad")
    return (folder / "seed.h5ad").read_bytes()


def at(folder, name, content):
    path = folder / name
    path.write_bytes(content)
    return str(path)


def one_file(folder, kind):
    """A reader of counts in one file, with the names that it holds as the cohort's."""

    def read(content):
        spec = Counts(format=kind, path=at(folder, "counts", content))
        samples = ONE_FILE[kind].sample_names(spec.path)
        check_counts_header(spec, samples, "samples.tsv")
        read_counts(spec, samples)
        read_counts(spec, samples, assay="log_intensity")

    return read


def samplewise(folder, kind, other):
    """A reader of one file a sample: the second sample has a valid one."""

    def read(content):
        at(folder, "S1.txt", content)
        at(folder, "S2.txt", other)
        tx2gene = at(folder, "tx2gene.tsv", TX2GENE) if kind in ("salmon", "kallisto") else None
        spec = Counts(format=kind, path=str(folder), files="{sample}.txt", tx2gene=tx2gene)
        check_counts_header(spec, ["S1", "S2"], "samples.tsv")
        read_counts(spec, ["S1", "S2"])

    return read


def tx2gene(folder):
    def read(content):
        for sample in ("S1", "S2"):
            at(folder, f"{sample}.txt", SALMON)
        spec = Counts(
            format="salmon", path=str(folder), files="{sample}.txt", tx2gene=at(folder, "tx2gene.tsv", content)
        )
        check_counts_header(spec, ["S1", "S2"], "samples.tsv")
        read_counts(spec, ["S1", "S2"])

    return read


def sheet(folder):
    variables = {"group": {"type": "categorical"}, "age": {"type": "numeric"}}
    spec = Samples(variables=variables, participant="person", replicate_of="bio")

    def read(content):
        path = at(folder, "samples.tsv", content)
        biological_samples(read_samples(path, spec), spec, path)

    return read


def annotation(folder, name):
    def read(content):
        annotate(["g1", "g2.1", "B", "=x"], read_annotation(at(folder, name, content)))

    return read


def control_genes(folder):
    return lambda content: read_control_genes(at(folder, "control.txt", content))


def panels(folder):
    return lambda content: read_panels(at(folder, "panels.yaml", content))


def locations(folder):
    genes = pd.DataFrame({"gene_name": ["A", "B", "=x"]}, index=["g1", "g2.1", "g3.4"])
    return lambda content: read_locations(at(folder, "locations.tsv", content), genes)


def cohort_file(folder):
    return lambda content: load_cohort(at(folder, "cohort.yaml", content))


def run_config(folder):
    return lambda content: parse_section(Run, read_yaml(at(folder, "config.yaml", content)), "config.yaml")


def gmt(folder):
    return lambda content: read_gmt(at(folder, "sets.gmt", content))


def network(folder):
    return lambda content: read_network(at(folder, "network.tsv", content))


def relatedness(folder, kind):
    def read(content):
        read_relatedness(Relatedness(format=kind, path=at(folder, "pairs.tsv", content)), pd.Index(SAMPLES))

    return read


def whole_cohort(folder):
    """Config, sheet and header of the counts together, as before any job."""
    at(folder, "counts.tsv", ("gene\t" + "\t".join(PEOPLE["sample"]) + "\ng1" + "\t5" * 12 + "\n").encode())

    def read(content):
        data, table = content
        at(folder, "samples.tsv", table)
        data["input"] = {
            "counts": {"format": "matrix", "path": str(folder / "counts.tsv")},
            "samples": str(folder / "samples.tsv"),
        }
        cohort = parse_section(Cohort, expand_contrasts(data, "cohort.yaml"), "cohort.yaml")
        check_cohort(cohort, "cohort.yaml")

    return read


def plain_data(content):
    """Plain data as a cohort file, past YAML."""
    parse_section(Cohort, expand_contrasts(content, "cohort.yaml"), "cohort.yaml")


def formula(text):
    try:
        parse_formula(text)
    except ExpressionError as error:
        raise InputError("design", str(error)) from None


def subset(text):
    try:
        comparisons(parse_subset(text))
    except ExpressionError as error:
        raise InputError("subset", str(error)) from None


def with_zipped(*seeds):
    return changed_bytes([*seeds, *(gzip.compress(seed, mtime=0) for seed in seeds[:1])])


def in_yaml(data):
    return changed_data(data).map(
        lambda changed: yaml.safe_dump(changed, allow_unicode=True).encode("utf-8", "surrogatepass")
    )


def valid_yaml(data):
    return yaml.safe_dump(data, sort_keys=False).encode()


CSV = MATRIX.replace(b"\t", b",")
COHORT_YAML, PANELS_YAML = valid_yaml(COHORT), valid_yaml(PANELS)
PEOPLE_TSV = PEOPLE.to_csv(sep="\t", index=False).encode()


def h5ad_cases(folder):
    counts = COUNTS[:2, :3]
    return changed_bytes([h5ad(folder, counts), h5ad(folder, sparse.csr_matrix(counts.astype("float32")))])


NUMBERS = st.sampled_from(["0", "1", "7", "7", "12", "1.5", "-0", "1e3", "", "NA"])
CONDITIONS = ["a == 'x'", "b != 1.5", "a in ['x', 'y']", "b >= -1e3 )", "a not in ['x']", "( a == 'y' )"]

# Name of a target → from a folder to its reader and its cases.
TARGETS = {
    "matrix": lambda folder: (one_file(folder, "matrix"), with_zipped(MATRIX, CSV)),
    "matrix of anything": lambda folder: (one_file(folder, "matrix"), tables(["gene_id", "S1", "S2"], NUMBERS)),
    "featurecounts": lambda folder: (one_file(folder, "featurecounts"), with_zipped(FEATURECOUNTS)),
    "nfcore": lambda folder: (one_file(folder, "nfcore"), with_zipped(NFCORE)),
    "h5ad": lambda folder: (one_file(folder, "h5ad"), h5ad_cases(folder)),
    "star": lambda folder: (samplewise(folder, "star", STAR), with_zipped(STAR)),
    "htseq": lambda folder: (samplewise(folder, "htseq", HTSEQ), with_zipped(HTSEQ)),
    "salmon": lambda folder: (samplewise(folder, "salmon", SALMON), with_zipped(SALMON)),
    "kallisto": lambda folder: (samplewise(folder, "kallisto", KALLISTO), with_zipped(KALLISTO)),
    "tx2gene": lambda folder: (tx2gene(folder), with_zipped(TX2GENE)),
    "sheet": lambda folder: (sheet(folder), with_zipped(SHEET, SHEET.replace(b"\t", b","))),
    "sheet of anything": lambda folder: (sheet(folder), tables(["sample", "person", "bio", "group", "age"], NUMBERS)),
    "gene table": lambda folder: (annotation(folder, "genes.csv"), with_zipped(GENE_TABLE)),
    "gtf": lambda folder: (annotation(folder, "genes.gtf"), with_zipped(GTF)),
    "control genes": lambda folder: (control_genes(folder), with_zipped(CONTROL)),
    "gene sets": lambda folder: (gmt(folder), with_zipped(GMT)),
    "network": lambda folder: (network(folder), with_zipped(NETWORK, NETWORK.replace(b"\t", b","))),
    "somalier": lambda folder: (relatedness(folder, "somalier"), changed_bytes([SOMALIER])),
    "ngscheckmate": lambda folder: (relatedness(folder, "ngscheckmate"), changed_bytes([NGSCHECKMATE])),
    "panels": lambda folder: (panels(folder), in_yaml(PANELS) | changed_bytes([PANELS_YAML])),
    "locations": lambda folder: (locations(folder), with_zipped(LOCATIONS)),
    "cohort file": lambda folder: (cohort_file(folder), changed_bytes([COHORT_YAML])),
    "cohort of anything": lambda folder: (plain_data, changed_data(COHORT)),
    "config.yaml": lambda folder: (run_config(folder), in_yaml({"cohorts": ["a.yaml", "b.yaml"]})),
    "cohort and sheet": lambda folder: (
        whole_cohort(folder),
        st.tuples(changed_data(COHORT), st.just(PEOPLE_TSV) | changed_bytes([PEOPLE_TSV])),
    ),
    "formula": lambda folder: (
        formula,
        sentences("~", ["a", "b", "log2(a)", "a:b", "1", "0"], ["+", "+", "*", ":", "-"]),
    ),
    "subset": lambda folder: (subset, sentences("", CONDITIONS, ["and", "or", "and not", "and ("])),
}


@pytest.mark.parametrize("target", TARGETS)
def test_some_hostile_cases_end_in_a_result_or_a_sentence(tmp_path, fuzz, monkeypatch, target):
    monkeypatch.chdir(tmp_path)
    fuzz(*TARGETS[target](tmp_path), QUICK)


@pytest.mark.slow
@pytest.mark.parametrize("target", TARGETS)
def test_many_hostile_cases_end_in_a_result_or_a_sentence(tmp_path, fuzz, monkeypatch, target):
    monkeypatch.chdir(tmp_path)
    told = fuzz(*TARGETS[target](tmp_path), MANY)
    assert len(told) >= 3  # cases reach more than the first check
    assert not list(tmp_path.glob("owned*"))


def test_there_are_ten_thousand_cases():
    assert len(TARGETS) * MANY >= 10_000
