from __future__ import annotations

import numpy as np
import pytest
import scipy.io
import scipy.stats

from cortexcnn.arrays import check_responses
from cortexcnn.reference import ecker2010

TIMES = np.arange(-195, 700, 10, dtype=np.int16)


def session(date, subject, conditions, spikes, parameter="orientation"):
    """One session in the form of the original: a structure in a cell."""
    return {
        "date": date,
        "subject": subject,
        "conditions": np.array(
            [(contrast, angle) for contrast, angle in conditions], dtype=[("contrast", "O"), (parameter, "O")]
        ),
        "contamination": np.full((spikes.shape[0], 1), 0.01),
        "tetrode": np.ones((spikes.shape[0], 1), dtype=np.uint8),
        "spikes": spikes.astype(np.uint8),
        "times": TIMES,
    }


def save(path, *sessions):
    data = np.empty((len(sessions), 1), dtype=object)
    data[:, 0] = sessions
    scipy.io.savemat(path, {"data": data})
    return path


@pytest.fixture
def handmade(tmp_path):
    """Two sessions: of other contrasts, angles, units and repeats; a spike in each bin of the grating."""
    shown = (TIMES > 30) & (TIMES < 530)
    first = np.zeros((2, 4, TIMES.size, 3))
    first[0, 3, shown] = 1  # the first cell answers to 22.5° at 10 % contrast alone
    first[1, :, TIMES < 0] = 2  # the second fires before the grating only: 2 spikes a bin
    second = np.ones((1, 2, TIMES.size, 1))
    return save(
        tmp_path / "data_v1_binned_static.mat",
        session("2001", "A", [(1, 0), (10, 0), (1, 22.5), (10, 22.5)], first),
        session("2002", "B", [(100, 22), (100, 158)], second),
    )


def test_sessions_are_pooled_by_angle(handmade):
    cells = ecker2010(handmade)
    check_responses(cells, parameters=("orientation",))
    assert cells.orientation.values.tolist() == [0, 22.5, 157.5]
    assert cells.sizes == {"stimulus": 3, "unit": 3, "repeat": 3}
    assert cells.unit.values.tolist() == ["A/2001/00", "A/2001/01", "B/2002/00"]
    assert cells.shown_contrast.values.tolist() == [0.1, 0.1, 1.0]
    first, _, third = (cells.isel(unit=unit).values for unit in range(3))
    assert np.array_equal(first, [[0, 0, 0], [50, 50, 50], [np.nan] * 3], equal_nan=True)
    assert np.array_equal(third, [[np.nan] * 3, [50, np.nan, np.nan], [50, np.nan, np.nan]], equal_nan=True)
    assert cells.spontaneous.values.tolist() == [0, 100, 50]
    assert cells.attrs["kind"] == "grating"


def test_every_contrast_is_a_stimulus_of_its_own(handmade):
    cells = ecker2010(handmade, contrast="all")
    check_responses(cells, parameters=("orientation", "contrast"))
    rows = list(zip(cells.contrast.values.tolist(), cells.orientation.values.tolist(), strict=True))
    assert rows == [(0.01, 0), (0.01, 22.5), (0.1, 0), (0.1, 22.5), (1, 22.5), (1, 157.5)]
    assert cells.isel(unit=0).mean("repeat").values[:4].tolist() == [0, 0, 0, 50]
    assert "shown_contrast" not in cells.coords


def test_bins_add_up_to_the_count(handmade):
    bins, counts = ecker2010(handmade, time=True, window=(0, 0.3)), ecker2010(handmade, window=(0, 0.3))
    assert bins.time.values[[0, -1]].tolist() == [0.005, 0.295]
    assert np.array_equal(bins.sum("time", skipna=False).values, counts.values, equal_nan=True)
    assert np.allclose(bins.spontaneous * bins.sizes["time"], counts.spontaneous)


def test_stored_angles_are_left_alone(handmade):
    assert ecker2010(handmade, angles="stored").orientation.values.tolist() == [0, 22, 22.5, 158]


def test_direction_is_a_quarter_turn_on_from_orientation(tmp_path):
    spikes = np.ones((1, 2, TIMES.size, 2))
    file = save(
        tmp_path / "data_v1_binned_moving.mat", session("2003", "A", [(100, 0), (100, 336)], spikes, "direction")
    )
    cells = ecker2010(tmp_path, gratings="drifting")
    assert cells.direction.values.tolist() == [0, 337.5]
    assert cells.orientation.values.tolist() == [90, 67.5]
    assert cells.attrs["kind"] == "drifting_grating"
    with pytest.raises(ValueError, match="holds drifting gratings; static ones were asked for"):
        ecker2010(file, gratings="static")


def test_bad_input_is_refused(handmade, tmp_path):
    with pytest.raises(ValueError, match="contrast is one of highest, all; got 'low'"):
        ecker2010(handmade, contrast="low")
    with pytest.raises(ValueError, match=r"between 30 and 530 s; .* the window is in seconds"):
        ecker2010(handmade, window=(30, 530))
    with pytest.raises(ValueError, match="gratings is one of static, drifting; got 'moving'"):
        ecker2010(handmade, gratings="moving")
    scipy.io.savemat(tmp_path / "numbers.mat", {"data": np.eye(2)})
    with pytest.raises(ValueError, match=r"its data is an array of float64; wanted one cell .* Science 327"):
        ecker2010(tmp_path / "numbers.mat")
    scipy.io.savemat(tmp_path / "cells.mat", {"data": np.array([{"a": 1}, {"a": 2}], dtype=object)})
    with pytest.raises(ValueError, match="its data is of another form"):
        ecker2010(tmp_path / "cells.mat")


# What is known of the real files. Formulas are written out here: this room imports none of its siblings.


def good(cells):
    """Well isolated cells that fire more than one spike a second."""
    duration = cells.attrs["window_stop"] - cells.attrs["window_start"]
    rate = cells.mean("repeat").mean("stimulus") / duration
    return cells.sel(unit=(cells.contamination < 0.05) & (rate > 1))


def circular_variance(cells):
    curve = cells.mean("repeat")
    angle = cells["direction"] if "direction" in cells.coords else cells["orientation"]
    return 1 - np.abs((curve * np.exp(2j * np.deg2rad(angle))).sum("stimulus")) / curve.sum("stimulus")


def tuned(cells):
    """How many cells' counts differ between stimuli, p < .01 in an analysis of variance."""
    groups = [[row[~np.isnan(row)] for row in unit] for unit in cells.transpose("unit", "stimulus", "repeat").values]
    return sum(scipy.stats.f_oneway(*[row for row in rows if row.size]).pvalue < 0.01 for rows in groups)


def correlation_rdm(curves):
    z = (curves - curves.mean(axis=0)) / curves.std(axis=0)
    return 1 - np.corrcoef(z)


def split_half(cells):
    upper = np.triu_indices(cells.sizes["stimulus"], 1)
    halves = [cells.isel(repeat=slice(k, None, 2)).mean("repeat").values for k in (0, 1)]
    return np.corrcoef(*(correlation_rdm(half)[upper] for half in halves))[0, 1]


def test_static_cells(shared_data):
    every = ecker2010(shared_data / "neural/ecker2010_v1_gratings", gratings="static")
    assert every.sizes["unit"] == 307
    assert len(set(every.session.values)) == 17
    cells = good(every)
    assert cells.sizes["unit"] == 126
    assert float(circular_variance(cells).median()) == pytest.approx(0.598, abs=5e-4)
    assert tuned(cells) == 115


def test_static_rdm(shared_data):
    cells = good(ecker2010(shared_data / "neural/ecker2010_v1_gratings/data_v1_binned_static.mat"))
    whole = cells.sel(unit=cells.mean("repeat").notnull().all("stimulus"))
    assert whole.sizes["unit"] == 77
    rdm = correlation_rdm(whole.mean("repeat").values)
    by_angle = [np.diagonal(np.roll(rdm, -step, axis=1)).mean() for step in (1, 2, 3, 4)]
    assert by_angle == pytest.approx([0.65, 1.13, 1.44, 1.54], abs=0.006)
    assert split_half(whole) == pytest.approx(0.99, abs=0.005)
    mirrored, upper = -np.arange(8) % 8, np.triu_indices(8, 1)
    turned = scipy.stats.spearmanr(rdm[upper], rdm[np.ix_(mirrored, mirrored)][upper]).statistic
    assert turned == pytest.approx(0.66, abs=0.005)


def test_drifting_cells(shared_data):
    path = shared_data / "neural/ecker2010_v1_gratings/data_v1_binned_moving.mat"
    every = ecker2010(path, window=(0, 0.5))
    assert every.sizes["unit"] == 577
    assert len(set(every.session.values)) == 27
    cells = good(every)
    assert cells.sizes["unit"] == 258
    assert tuned(cells) == 248
    assert split_half(cells) == pytest.approx(0.994, abs=0.0015)
    # nominal angles turn the median by .001; the published one is of the angles as stored
    assert float(circular_variance(cells).median()) == pytest.approx(0.6375, abs=5e-4)
    stored = good(ecker2010(path, window=(0, 0.5), angles="stored"))
    assert float(circular_variance(stored).median()) == pytest.approx(0.639, abs=5e-4)
