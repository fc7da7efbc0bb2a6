"""Hooks read at once, stop when all have answered, and leave the network as it was."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from cortexcnn.recording import record
from cortexcnn.recording.recorder import first_tensor, left_as_found


class Failing(nn.Module):
    """Raises whenever it runs, once it is armed."""

    armed = False

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        if self.armed:
            raise ArithmeticError("it should not have run")
        return maps


def _hooks(module: nn.Module) -> int:
    return sum(len(child._forward_hooks) + len(child._forward_pre_hooks) for child in module.modules())


def _chain(*more: nn.Module) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(inplace=True), *more)


def test_an_in_place_rectifier_does_not_touch_what_was_recorded(wrapped, gratings):
    chain = _chain(nn.MaxPool2d(2))
    nn.init.constant_(chain[0].bias[:1], -2.0)  # a channel that is negative on average too
    network = wrapped(chain)
    for units in ("all", "centre", "mean"):
        both = record(network, gratings, layers=["0", "1"], units=units, window=False, progress=False)
        assert (both.sel(unit=both.layer == "0") < 0).any()
        assert (both.sel(unit=both.layer == "1") >= 0).all()


def test_the_forward_pass_stops_at_the_deepest_layer(wrapped, gratings):
    network = wrapped(_chain(Failing(), nn.Conv2d(4, 2, 1)))
    network.layers()
    network.bottlenecks("1")  # as the table of layers, found once by a forward pass through all
    network.module[2].armed = True
    record(network, gratings, layers=["1", "0"], progress=False)
    with pytest.raises(ArithmeticError):
        record(network, gratings, layers=["3"], progress=False)


def test_a_network_that_catches_exceptions_does_not_catch_the_stop(wrapped, gratings):
    class Careless(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(1, 2, 3)

        def forward(self, image: torch.Tensor) -> torch.Tensor:
            try:
                return self.conv(image)
            except Exception as error:
                raise AssertionError("caught") from error

    assert record(wrapped(Careless()), gratings, layers=["conv"], progress=False).sizes["unit"] == 2


def test_hooks_are_gone_after_success_and_after_failure(wrapped, gratings):
    network = wrapped(_chain(Failing()))
    network.layers()
    record(network, gratings, layers=["0", "1"], progress=False)
    assert _hooks(network.module) == 0
    network.module[2].armed = True
    with pytest.raises(ArithmeticError):
        record(network, gratings, layers=["2"], progress=False)
    assert _hooks(network.module) == 0


def test_modes_and_gradients_are_as_they_were(wrapped, gratings):
    network = wrapped(_chain(nn.Dropout(0.9), Failing()))
    network.layers()
    network.module.train()
    network.module[1].eval()
    grad = torch.is_grad_enabled()
    first = record(network, gratings, layers=["2"], progress=False)
    again = record(network, gratings, layers=["2"], progress=False)
    torch.testing.assert_close(first.values, again.values)  # no dropout while recording
    network.module[3].armed = True
    with pytest.raises(ArithmeticError):
        record(network, gratings, layers=["3"], progress=False)
    assert [child.training for child in network.module] == [True, False, True, True]
    assert torch.is_grad_enabled() is grad
    assert all(parameter.requires_grad for parameter in network.module.parameters())


def test_left_as_found_is_quiet_about_gradients():
    with left_as_found(nn.Linear(1, 1)):
        assert not torch.is_grad_enabled()
    assert torch.is_grad_enabled()


def test_a_module_that_runs_twice_is_recorded_at_its_last_call(network, gratings):
    responses = record(network, gratings, layers=["relu", "wide"], units="all", window=False, progress=False)
    maps = responses.sel(unit=responses.layer == "relu")
    assert maps.sizes["unit"] == 8 * 12 * 12  # the second call's map, not the first's
    assert (maps >= 0).all()


def test_the_first_tensor_of_a_tuple_is_the_answer(wrapped, gratings):
    class Pair(nn.Module):
        def forward(self, maps: torch.Tensor) -> tuple:
            return {"maps": [maps + 1]}, maps

    class Outer(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.pair = nn.Conv2d(1, 3, 3), Pair()

        def forward(self, image: torch.Tensor) -> torch.Tensor:
            return self.pair(self.conv(image))[1]

    both = record(wrapped(Outer()), gratings, layers=["conv", "pair"], progress=False)
    torch.testing.assert_close(both.values[:, 3:], both.values[:, :3] + 1)
    with pytest.raises(RuntimeError, match="no tensor but str"):
        first_tensor("text")


def test_a_layer_that_mixes_the_batch_up_is_refused(wrapped, gratings):
    class Pooled(nn.Module):
        def forward(self, maps: torch.Tensor) -> torch.Tensor:
            return maps.mean(dim=0, keepdim=True)

    with pytest.raises(RuntimeError, match="not one for each image"):
        record(
            wrapped(nn.Sequential(nn.Conv2d(1, 2, 3), Pooled())), gratings, layers=["1"], window=False, progress=False
        )


def test_a_module_that_does_not_always_run_is_named(wrapped, gratings):
    class Sometimes(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(1, 2, 3)
            self.runs = True

        def forward(self, image: torch.Tensor) -> torch.Tensor:
            return self.conv(image) if self.runs else image

    network = wrapped(Sometimes())
    network.layers()
    network.module.runs = False
    with pytest.raises(RuntimeError, match="conv did not run"):
        record(network, gratings, layers=["conv"], window=False, progress=False)
