from __future__ import annotations

import zipfile

import numpy as np
import pytest

from cortexcnn.arrays import check_responses
from cortexcnn.reference import hubel_wiesel1959, hubel_wiesel1959_spikes

SHEET = """<d xmlns:t="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:o="urn:oasis:names:tc:opendocument:xmlns:office:1.0">
<t:table-row><t:table-cell/><t:table-cell t:number-columns-repeated="8"/></t:table-row>
<t:table-row><t:table-cell/><t:table-cell o:value="0"/><t:table-cell o:value="90"/></t:table-row>
<t:table-row><t:table-cell t:number-columns-repeated="2"/><t:table-cell o:value="0.5"/></t:table-row>
<t:table-row><t:table-cell/><t:table-cell o:value="0.25"/></t:table-row>
</d>"""


def test_shipped_counts_are_responses():
    cell = hubel_wiesel1959()
    check_responses(cell, parameters=("orientation",))
    assert cell.orientation.values.tolist() == [0, 22.5, 45, 67.5, 90, 112.5, 135, 157.5]
    assert cell.values[:, 0].tolist() == [0, 1, 2, 7, 9, 2, 0, 0]


def test_columns_are_read_by_their_place(tmp_path):
    with zipfile.ZipFile(tmp_path / "spikes.ods", "w") as archive:
        archive.writestr("content.xml", SHEET)
    times = hubel_wiesel1959_spikes(tmp_path / "spikes.ods")
    assert times.orientation.values.tolist() == [0, 90]
    assert np.array_equal(times.values, [[np.nan, 0.25], [0.5, np.nan]], equal_nan=True)


def test_another_file_is_refused(tmp_path):
    (tmp_path / "text.ods").write_text("spikes")
    with pytest.raises(ValueError, match="it is no OpenDocument sheet"):
        hubel_wiesel1959_spikes(tmp_path / "text.ods")


def test_digitised_spikes_are_the_published_counts(shared_data):
    times = hubel_wiesel1959_spikes(shared_data / "neural/hubel_wiesel_1959_digitised")
    assert np.array_equal(times.orientation, hubel_wiesel1959().orientation)
    assert times.notnull().sum("spike").values.tolist() == hubel_wiesel1959().values[:, 0].tolist()
