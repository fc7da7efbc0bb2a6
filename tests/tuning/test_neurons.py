"""The same measures on recorded neurons: figures that are known of the cells of Ecker et al. 2010."""

from __future__ import annotations

import numpy as np
import pytest

from cortexcnn.tuning import fit_curves, orientation_tuning, tuned, tuning_curve

ecker = pytest.importorskip("cortexcnn.reference.ecker")


KNOWN = {"static": ((0.03, 0.53), 126, 0.598, 115), "moving": ((0.0, 0.5), 258, 0.639, 248)}
"""Window (s), well isolated cells that fire, median circular variance of raw counts, tuned at p < .01."""


@pytest.mark.slow
@pytest.mark.parametrize("file", KNOWN)
def test_cells_of_ecker_2010(shared_data, file):
    window, cells, variance, selective = KNOWN[file]
    path = shared_data / "neural" / "ecker2010_v1_gratings" / f"data_v1_binned_{file}.mat"
    spikes = ecker.ecker2010(path, window=window)
    rate = spikes.mean("repeat").mean("stimulus") / (window[1] - window[0])
    spikes = spikes.isel(unit=np.flatnonzero((spikes.contamination < 0.05) & (rate > 1)))
    assert spikes.sizes["unit"] == cells
    found = orientation_tuning(spikes, baseline="none", skipna=True)
    assert float(found.circular_variance.median()) == pytest.approx(variance, abs=2e-3)  # angles as meant, 22.5 for 22
    assert int((tuned(spikes, "direction" if file == "moving" else "orientation") < 0.01).sum()) == selective
    fit = fit_curves(tuning_curve(spikes, "orientation", baseline="none"))
    assert float(fit.converged.mean()) > 0.95
    assert float(fit.r_squared.median()) > 0.9
