"""A window holds the receptive field, samples the same positions, and is used where it saves something."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import nn

from cortexcnn.models import Eye, Network, load
from cortexcnn.recording.electrode import lower
from cortexcnn.recording.recorder import listening
from cortexcnn.recording.window import Workload, plan, window_around, with_cuts

STEPS = st.tuples(st.sampled_from(["conv", "max", "average"]), st.integers(1, 5), st.integers(1, 3), st.integers(0, 2))


def _stack(steps, ceil):
    layers: list[nn.Module] = []
    for kind, kernel, stride, padding in steps:
        pad = min(padding, kernel // 2)
        if kind == "conv":
            layers.append(nn.Conv2d(2, 2, kernel, stride, pad))
        else:
            pool = nn.MaxPool2d if kind == "max" else nn.AvgPool2d
            layers.append(pool(kernel, stride, pad, ceil_mode=ceil))
    return nn.Sequential(*layers)


@settings(deadline=None, max_examples=40)
@given(
    steps=st.lists(STEPS, min_size=1, max_size=4),
    ceil=st.booleans(),
    pixels=st.integers(40, 61),
    place=st.tuples(st.floats(0, 0.999), st.floats(0, 0.999)),
)
def test_any_unit_of_any_stack_answers_through_its_window_as_to_the_whole_image(steps, ceil, pixels, place):
    module = _stack(steps, ceil).double()
    network = Network(module, Eye(channels=2, pixels=pixels), name="stack")
    layer = str(len(steps) - 1)
    try:
        network.layers()
    except ValueError:  # the stack ends before this layer
        assume(False)
    field = network.receptive_field(layer)
    row, column = int(place[0] * field.rows), int(place[1] * field.columns)
    (site,) = lower(network, None, {layer: [(1, row, column)]})
    window = window_around([site], network.screen)
    if window is None:
        return
    assert field.window(row, column) in window
    assert window.top % field.alignment == window.left % field.alignment == 0
    image = torch.rand(1, 2, pixels, pixels, dtype=torch.float64, generator=torch.Generator().manual_seed(pixels))
    step = Workload(network.layers(), network.screen).one_pass([site], window)
    with torch.no_grad():
        crop = image[..., window.top : window.bottom, window.left : window.right]
        through = site.read(module(crop), step.origin(site))
        whole = site.read(module(image))
    torch.testing.assert_close(through, whole, rtol=1e-12, atol=1e-12)


@settings(deadline=None, max_examples=60)
@given(
    steps=st.lists(STEPS, min_size=2, max_size=6),
    ceil=st.booleans(),
    pixels=st.integers(40, 75),
    places=st.lists(st.tuples(st.integers(0, 5), st.floats(0, 0.999), st.floats(0, 0.999)), min_size=1, max_size=3),
)
def test_windows_inside_the_network_change_no_answer(steps, ceil, pixels, places):
    module = _stack(steps, ceil).double()
    network = Network(module, Eye(channels=2, pixels=pixels), name="stack")
    try:
        network.layers()
    except ValueError:
        assume(False)
    units = {}
    for number, down, across in [*places, (len(steps) - 1, 0.5, 0.5)]:
        layer = str(number % len(steps))
        field = network.receptive_field(layer)
        units[layer] = [(1, int(down * field.rows), int(across * field.columns))]
    work = Workload(network.layers(), network.screen)
    sites = lower(network, None, units)
    step = work.one_pass(sites, window_around(sites, network.screen) or network.screen.whole)
    assume(all(0 not in site.field.stride for site in sites))
    cut = with_cuts(network, step, work)
    image = torch.rand(1, 2, pixels, pixels, dtype=torch.float64, generator=torch.Generator().manual_seed(pixels))
    window = cut.shown
    through = _heard(network, cut, image[..., window.top : window.bottom, window.left : window.right], work)
    whole = _heard(network, work.one_pass(sites, None), image, work)
    for layer in units:
        torch.testing.assert_close(through[layer], whole[layer], rtol=1e-12, atol=1e-12)


def _heard(network, step, luminance, work):
    into = {site.layer: torch.empty(1, len(site), dtype=torch.float64) for site in step.sites}
    with torch.no_grad(), listening(network, step, work.calls) as listen:
        listen(luminance, into)
    return into


def test_of_alexnets_maps_goes_on_what_the_last_unit_needs():
    network = load("alexnet", weights="none")
    work = Workload(network.layers(), network.screen)
    (step,) = plan(network, lower(network, ["features.10"], "centre"), 1000)
    cut = with_cuts(network, step, work)
    # One position of the fifth convolution needs 3, 5, 7, 15, 19 and 39 of those before it, in each direction.
    needed = {"features.10": 1, "features.8": 3, "features.6": 5, "features.5": 7, "features.3": 15, "features.2": 19}
    assert {part.layer for part in cut.cuts} <= {*needed, "features.0", "features.1", "features.4", "features.7"}
    for part in cut.cuts:
        if part.layer in needed:
            assert part.rows.stop - part.rows.start == needed[part.layer]
    assert len(cut.cuts) >= 3
    assert not any(module._forward_hooks for module in network.module.modules())


@pytest.mark.parametrize(
    ("name", "layers"),
    [
        ("resnet18", ["layer1", "layer2.0.conv1", "layer2"]),
        ("squeezenet1_1", ["features.3", "features.6.expand3x3"]),
        ("mobilenet_v2", ["features.3", "features.5.conv.1"]),
        ("densenet121", ["features.denseblock1.denselayer3.conv2"]),
        ("googlenet", ["inception3a.branch2.1.conv", "inception3a"]),
    ],
)
def test_branches_are_cut_only_where_they_meet(name, layers):
    network = load(name, weights="none", pixels=128)
    work = Workload(network.layers(), network.screen)
    sites = lower(network, layers, "centre")
    image = torch.rand(1, 1, 128, 128, generator=torch.Generator().manual_seed(0))
    whole = _heard(network, work.one_pass(sites, None), image, work)
    passes = [with_cuts(network, step, work) for step in plan(network, sites, 10_000)]
    assert any(step.cuts for step in passes)
    for step in passes:
        window = step.shown or network.screen.whole
        through = _heard(network, step, image[..., window.top : window.bottom, window.left : window.right], work)
        for layer, answer in through.items():
            torch.testing.assert_close(answer, whole[layer], rtol=0, atol=1e-5 * float(whole[layer].abs().max()))


def test_window_of_alexnets_first_layer_is_its_filter_on_its_stride():
    network = load("alexnet", weights="none")
    window = window_around(lower(network, ["features.0"], "centre"), network.screen)
    # unit 27 of stride 4 and padding 2 sees pixels 106 to 116; the window starts at a multiple of 4
    assert (window.top, window.bottom, window.left, window.right) == (104, 117, 104, 117)


def test_a_unit_in_the_corner_keeps_the_images_border(network):
    (site,) = lower(network, None, {"stem": [(0, 0, 23)]})
    window = window_around([site], network.screen)
    assert (window.top, window.right) == (0, 48)


def test_units_that_see_everything_have_no_window(network):
    for layer, units in [("head", "centre"), ("stem", "all"), ("stem", "mean")]:
        assert window_around(lower(network, [layer], units), network.screen) is None


def test_a_layer_rides_along_in_the_window_of_a_deeper_one():
    network = load("alexnet", weights="none")
    local = lower(network, ["features.3", "features.0"], "centre")
    (step,) = plan(network, local, images=400)
    assert [site.layer for site in step.sites] == ["features.0", "features.3"]
    assert step.window == window_around(local[:1], network.screen)
    # the network runs over whole images anyway: nothing is left to save
    (step,) = plan(network, lower(network, ["features.3", "features.0", "classifier.1"], "centre"), images=400)
    assert step.window is None
    assert [site.layer for site in step.sites] == ["features.0", "features.3", "classifier.1"]


def test_units_that_lie_far_apart_have_a_pass_each():
    network = load("alexnet", weights="none")
    sites = lower(network, None, {"features.0": [(0, 0, 0)], "features.3": [(0, 26, 26)]})
    passes = plan(network, sites, images=400)
    assert [[site.layer for site in step.sites] for step in passes] == [["features.0"], ["features.3"]]
    assert passes[0].window.top == 0
    assert passes[1].window.bottom == 224


def test_no_plan_costs_more_than_whole_images():
    network = load("squeezenet1_1", weights="none")
    names = network.layers()["layer"].values.tolist()
    for layers in [names[:1], names[4:9], names[::6], names[-3:]]:
        sites = lower(network, layers, "centre")
        (whole,) = plan(network, sites, images=100, windows=False)
        assert sum(step.cost for step in plan(network, sites, images=100)) <= whole.cost


def test_few_stimuli_are_shown_whole():
    network = load("alexnet", weights="none")
    (step,) = plan(network, lower(network, ["features.0"], "centre"), images=4)
    assert step.window is None


def test_refused_layers_are_shown_whole():
    network = load("alexnet", weights="none")
    sites = lower(network, ["features.0", "features.3"], "centre")
    windows = {s.layer: p.window for p in plan(network, sites, images=400, whole=["features.3"]) for s in p.sites}
    assert windows["features.3"] is None


def test_operations_are_counted_once_and_grow_with_depth(network):
    table = network.layers()
    work = Workload(table, network.screen)
    costs = [work.operations(name) for name in table["layer"].values]
    assert (np.diff(costs) >= 0).all()
    # the stem: 150 weights and 6 biases at 24 × 24 positions, and what else is the same for every layer
    assert work.operations("stem") == pytest.approx(156 * 576 + 20 * 6 * 576 + 60 * 48**2)
