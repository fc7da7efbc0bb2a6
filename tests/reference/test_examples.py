from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cortexcnn.arrays import check_responses
from cortexcnn.reference import goris2015, palmer


def test_voxels_are_sorted_by_orientation(tmp_path):
    table = pd.DataFrame(
        {
            "Run": [1, 1, 2, 2],
            "Load.level": [1, 1, 1, 1],
            "Stimulus": [2, 1, 1, 2],
            "Voxel.1": [21, 11, 12, 22],
            "Voxel.2": [-21, -11, -12, -22],
        }
    )
    table.to_csv(tmp_path / "example_data.csv")
    voxels = check_responses(palmer(tmp_path), parameters=("orientation",))
    assert voxels.orientation.values.tolist() == [0, 20]
    assert voxels.sel(unit="Voxel.1").values.tolist() == [[11, 12], [21, 22]]
    assert voxels.run.values.tolist() == [1, 2]
    table.iloc[:3].to_csv(tmp_path / "uneven.csv")
    with pytest.raises(ValueError, match="every stimulus has as many trials"):
        palmer(tmp_path / "uneven.csv")
    table[["Run"]].to_csv(tmp_path / "lacking.csv")
    with pytest.raises(ValueError, match=r"wanted also Load.level, Stimulus"):
        palmer(tmp_path / "lacking.csv")


def test_real_voxels(shared_data):
    voxels = palmer(shared_data / "neural/palmer_human_v1_orientation")
    assert voxels.sizes == {"stimulus": 9, "unit": 865, "repeat": 12}
    upper = np.triu_indices(9, 1)
    early = voxels.run <= 3
    halves = [voxels.sel(repeat=half).mean("repeat").values for half in (early, ~early)]
    rdms = [1 - np.corrcoef((half - half.mean(axis=0)) / half.std(axis=0))[upper] for half in halves]
    assert np.corrcoef(*rdms)[0, 1] > 0.9
    whole = voxels.mean("repeat").values
    rdm = 1 - np.corrcoef((whole - whole.mean(axis=0)) / whole.std(axis=0))
    by_angle = [np.diagonal(np.roll(rdm, -step, axis=1)).mean() for step in (1, 2, 3, 4)]
    assert by_angle == sorted(by_angle)


def test_tuning_broadens_with_the_spread_of_orientations(shared_data):
    cells = check_responses(goris2015(shared_data / "neural/goris2015_v1_v2"))
    assert cells.sizes == {"stimulus": 160, "unit": 6}
    assert sorted(cells.area.values.tolist()) == ["V1"] * 5 + ["V2"]
    variance = []
    for spread in (1, 2, 3, 4, 5):
        curve = cells[(cells.spread == spread) & (cells.contrast_level == 2)]
        vector = np.abs((curve * np.exp(2j * np.deg2rad(curve.offset))).sum("stimulus"))
        variance.append(float((1 - vector / curve.sum("stimulus")).mean()))
    assert variance[0] < variance[2] < variance[4]
