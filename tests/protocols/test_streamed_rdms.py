"""RDMs computed while recording are those of the recording."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import xarray as xr
from torch import nn

from cortexcnn.models import Eye, wrap
from cortexcnn.protocols import stream_rdms
from cortexcnn.recording import record
from cortexcnn.similarity import rdm
from cortexcnn.stimuli import sweep

LAYERS = ["1", "3"]


@pytest.fixture(scope="module")
def network():
    with torch.random.fork_rng():
        torch.manual_seed(1)
        module = nn.Sequential(nn.Conv2d(1, 5, 5), nn.Softplus(), nn.Conv2d(5, 8, 3, stride=2), nn.Tanh())
    return wrap(module, Eye(channels=1, mean=0.5, pixels=24), name="small")


@pytest.fixture(scope="module")
def gratings():
    return sweep("grating", orientation=range(0, 180, 20), spatial_frequency=[0.5, 1], contrast=0.5)


@pytest.mark.parametrize("method", ["correlation", "cosine", "euclidean", "squared euclidean"])
@pytest.mark.parametrize("zscore", [False, True])
@pytest.mark.parametrize("patterns", [100, 7])
def test_it_is_the_rdm_of_the_recording(network, gratings, method, zscore, patterns):
    held = patterns * 4 * (5 * 400 + 8 * 81)
    found = stream_rdms(
        network, gratings, layers=LAYERS, method=method, zscore=zscore, memory=held, batch=4, progress=False
    )
    responses = record(network, gratings, layers=LAYERS, units="all", progress=False)
    expected = rdm(responses.astype("float64"), by="layer", method=method, zscore=zscore)
    assert np.allclose(found, expected, rtol=0, atol=2e-3 * float(expected.max()) if "euclid" in method else 1e-4)
    for name in ("orientation", "units", "layer", "stimulus2"):
        assert found[name].values.tolist() == expected[name].values.tolist()
    assert found.attrs == expected.attrs


def test_centre_units_and_means_too(network, gratings):
    for units in ("centre", "mean"):
        found = stream_rdms(network, gratings, layers=LAYERS, units=units, progress=False)
        expected = rdm(record(network, gratings, layers=LAYERS, units=units, progress=False), by="layer")
        xr.testing.assert_allclose(found, expected, atol=1e-4)


def test_what_has_no_direction_is_named(gratings):
    module = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU())
    nn.init.constant_(module[0].bias, -100.0)
    silent = wrap(module, Eye(channels=1, pixels=24), name="silent")
    with pytest.raises(ValueError, match=r"18 stimuli are answered by no unit \(layer 1\)"):
        stream_rdms(silent, gratings, layers=["1"], method="cosine", progress=False)


def test_bad_input_is_refused(network, gratings):
    with pytest.raises(ValueError, match="no layers named"):
        stream_rdms(network, gratings, layers=["7"])
    with pytest.raises(ValueError, match="no units named 'random'"):
        stream_rdms(network, gratings, layers=LAYERS, units="random")
    with pytest.raises(MemoryError, match="fewer layers at a time"):
        stream_rdms(network, gratings, layers=LAYERS, memory=1000)
    with pytest.raises(ValueError, match="crossnobis needs repeats"):
        stream_rdms(network, gratings, layers=LAYERS, method="crossnobis")
    moving = sweep("drifting_grating", direction=[0, 90], spatial_frequency=1, duration=0.2, frame_rate=20)
    with pytest.raises(ValueError, match="these stimuli move"):
        stream_rdms(network, moving, layers=LAYERS)
