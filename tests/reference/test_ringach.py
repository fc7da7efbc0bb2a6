from __future__ import annotations

import numpy as np
import pytest
import scipy.io

from cortexcnn.reference import histogram_like, published, ringach2002


@pytest.fixture
def handmade(tmp_path):
    """A file of three cells, in the form of the original."""
    column = {
        "orivar": [0.2, 0.5, 0.9],
        "bw": [20.0, 91.0, 180.0],
        "po": [0.1, 0.4, 0.9],
        "maxdc": [20.0, 10.0, 6.0],
        "mindc": [1.0, 1.0, 1.0],
        "maxfirst": [30.0, 5.0, 3.0],
        "spont": [1.0, 5.0, 0.5],
        "rdepth": [0.1, 0.5, 1.0],
        "unit": [1, 2, 2],
        "expt": [0, 0, 0],
        "chan": [1, 1, 1],
    }
    database = {name: np.array(values)[:, np.newaxis] for name, values in column.items()}
    database["animal"] = np.array(["MT1", "MT1", "MT2"], dtype=object)[:, np.newaxis]
    scipy.io.savemat(tmp_path / "ringach_2002_db.mat", {"db": database})
    return tmp_path


def test_format(handmade):
    cells = ringach2002(handmade)
    assert cells.unit.values.tolist() == ["MT1/000", "MT1/001", "MT2/002"]
    assert cells.modulation_ratio.values.tolist() == [1.5, 0.5, 0.5]
    assert cells.responsive.values.tolist() == [True, False, True]  # 10 is not more than 5 above 5
    assert np.isnan(cells.orientation_bandwidth.values).tolist() == [False, True, True]
    assert (cells.area == "V1").all()
    assert "5639" in cells.attrs["source"]


def test_another_file_is_refused(handmade):
    scipy.io.savemat(handmade / "other.mat", {"db": {"orivar": [0.5]}})
    with pytest.raises(ValueError, match=r"its db has the fields orivar; wanted also animal, bw"):
        ringach2002(handmade / "other.mat")


@pytest.fixture(scope="module")
def cells(shared_data):
    every = ringach2002(shared_data / "neural/ringach2002_v1")
    assert every.sizes["unit"] == 308
    return every.sel(unit=every.responsive)


def test_published_medians(cells):
    assert cells.sizes["unit"] == 304
    medians = {name: float(cells[name].median()) for name in cells.data_vars if name != "responsive"}
    assert medians["circular_variance"] == pytest.approx(0.599, abs=5e-4)
    assert medians["orientation_bandwidth"] == pytest.approx(23.0, abs=0.05)
    assert medians["orthogonal_preferred_ratio"] == pytest.approx(0.186, abs=5e-4)
    assert medians["modulation_ratio"] == pytest.approx(0.571, abs=5e-4)
    assert medians["maximum"] == pytest.approx(33.8, abs=0.05)
    assert medians["spontaneous"] == pytest.approx(0.82, abs=5e-3)


@pytest.mark.parametrize("outside", ["ends", "drop"])
def test_published_histograms_are_counted_from_the_cells(cells, outside):
    derived = {
        **{name: cells[name] for name in ("circular_variance", "orientation_bandwidth", "orthogonal_preferred_ratio")},
        "modulation_ratio": cells.modulation_ratio,
        "maximum": cells.maximum,
        "circular_variance_over_orientation_bandwidth": cells.circular_variance / cells.orientation_bandwidth,
        "orthogonal_preferred_ratio_minus_circular_variance": cells.orthogonal_preferred_ratio
        - cells.circular_variance,
    }
    for name, values in derived.items():
        counted = histogram_like(values, published(name), outside=outside)
        assert counted.values.tolist() == published(name).values.tolist(), name
        assert counted.attrs["n"] == published(name).attrs["n"]
