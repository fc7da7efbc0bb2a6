"""What looks beyond its receptive field is found out, said, and recorded from whole images."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from cortexcnn.recording import record
from cortexcnn.recording.check import tolerance
from cortexcnn.recording.show import Show
from cortexcnn.stimuli import sweep


class Measuring(nn.Module):
    """Scales by the size of its input, which no operation on tensors tells."""

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        return maps * maps.shape[-1]


class Insisting(nn.Module):
    """Takes maps of one size only."""

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        if maps.shape[-1] != 46:
            raise ValueError("the map is not 46 wide")
        return maps


class Slightly(nn.Module):
    """Off by a millionth of its input's size: less than rounding matters, or just more."""

    def __init__(self, by: float) -> None:
        super().__init__()
        self.by = by

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        return maps * (1 + self.by * maps.shape[-1])


def _network(wrapped, module):
    return wrapped(nn.Sequential(nn.Conv2d(1, 4, 3), module, nn.ReLU()))


@pytest.mark.parametrize(("module", "difference"), [(Measuring(), r"0\.\d+"), (Insisting(), "inf")])
def test_a_module_that_no_receptive_field_tells_falls_back_with_a_warning(wrapped, gratings, module, difference):
    network = _network(wrapped, module)
    with pytest.warns(UserWarning, match=rf"^1: .*by {difference} of the largest.*recorded from whole images"):
        found = record(network, gratings, layers=["1"], progress=False)
    whole = record(network, gratings, layers=["1"], window=False, progress=False)
    np.testing.assert_array_equal(found.values, whole.values)


def test_only_the_layers_behind_it_fall_back(wrapped, gratings):
    network = _network(wrapped, Measuring())
    with pytest.warns(UserWarning, match="differ") as told:
        record(network, gratings, layers=["0", "1"], progress=False)
    assert {str(warning.message).split(":")[0] for warning in told} == {"1"}


def test_the_tolerance_lies_between_rounding_and_what_matters(wrapped, gratings):
    record(_network(wrapped, Slightly(1e-8)), gratings, layers=["1"], progress=False)
    with pytest.warns(UserWarning, match="differ"):
        record(_network(wrapped, Slightly(1e-6)), gratings, layers=["1"], progress=False)


def test_normalisation_over_the_map_is_recorded_from_whole_images_without_a_warning(wrapped, gratings):
    network = _network(wrapped, nn.InstanceNorm2d(4))
    assert network.receptive_field("1").whole_image
    found = record(network, gratings, layers=["1"], progress=False)
    whole = record(network, gratings, layers=["1"], window=False, progress=False)
    np.testing.assert_array_equal(found.values, whole.values)


def test_moving_stimuli_are_checked_frame_by_frame(wrapped):
    drifting = sweep("drifting_grating", direction=range(0, 360, 45), temporal_frequency=2, duration=0.5, frame_rate=16)
    with pytest.warns(UserWarning, match="differ"):
        record(_network(wrapped, Measuring()), drifting, layers=["1"], progress=False)


def test_less_precision_is_allowed_more(network, gratings):
    show = Show(network, gratings)
    assert tolerance(show) == pytest.approx(1e-5, rel=0.1)
    bounds = []
    for dtype in (torch.float64, torch.float32, torch.float16, torch.bfloat16):
        show.dtype = dtype
        bounds.append(tolerance(show))
    assert bounds == sorted(bounds)
    assert bounds[-1] < 0.1
