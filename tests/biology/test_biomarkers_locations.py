"""Surface and secreted genes from a user's table: by id or name, unknown ones counted, none of them an error."""

import gzip

import numpy as np
import pandas as pd
import pytest

from lateralis.biology.biomarkers.locations import read_locations
from lateralis.errors import InputError

GENES = pd.DataFrame(
    {"gene_name": ["CHI3L1", "TREM2", "NA", "TWIN", "TWIN"]},
    index=["ENSG00000133048.13", "ENSG00000095970.18", "ENSG00000000003.1", "ENSG00000000005.2", "ENSG00000000007.4"],
)


def written(tmp_path, text):
    path = tmp_path / "locations.tsv"
    path.write_bytes(gzip.compress(text.encode()) if text.startswith("packed") else text.encode())
    return path


def test_ids_with_and_without_version_and_names(tmp_path):
    path = written(
        tmp_path,
        "source\tgene\tlocation\nx\tENSG00000133048\tsecreted\nx\tTREM2\tsurface\nx\tENSG00000095970.2\tsecreted\n"
        "x\tNA\tsurface\nx\tTWIN\tsurface\nx\tUNKNOWN\tsurface\nx\tTREM2\tsurface\n",
    )
    found = read_locations(path, GENES)
    assert found.location.tolist() == ["secreted", "surface; secreted", "surface", "surface", "surface"]
    assert (found.n_listed, found.n_unknown) == (6, 1)


def test_a_name_that_is_another_genes_id_means_the_id(tmp_path):
    genes = pd.DataFrame({"gene_name": ["B", "A"]}, index=["A", "B"])
    found = read_locations(written(tmp_path, "gene,location\nA,surface\n"), genes)
    assert found.location.tolist() == ["surface", ""]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("gene\tplace\nTREM2\tsurface\n", "has no column 'location'; it has 'gene', 'place'"),
        ("gene\tlocation\nTREM2\t \n", "row 2, column 'location': is empty. Complete or remove the row"),
        ("gene\tlocation\n", "has a header and no rows. Give one row a gene"),
        (
            "gene\tlocation\nmm1\tsurface\nmm2\tsurface\n",
            "none of its 2 genes is in the counts: here 'mm1', 'mm2', there 'ENSG00000133048.13', 'ENSG00000095970.18', "
            "'ENSG00000000003.1' ('CHI3L1', 'TREM2', 'NA'). Give ids or names as the counts have them",
        ),
        ("", "is empty"),
    ],
)
def test_tables_that_say_nothing(tmp_path, text, message):
    with pytest.raises(InputError) as error:
        read_locations(written(tmp_path, text), GENES)
    assert message in str(error.value)


def test_there_must_be_a_file(tmp_path):
    with pytest.raises(InputError, match="there is no such file"):
        read_locations(tmp_path / "absent.tsv", GENES)
    assert np.all(GENES.index.str.startswith("ENSG"))
