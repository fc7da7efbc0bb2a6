"""The electrode stands where it was asked to stand, says where that is, and refuses what is not there."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from cortexcnn.models import load
from cortexcnn.recording.electrode import coordinates, lower


def test_centre_is_half_way_down_and_across_in_every_channel(network):
    (site,) = lower(network, ["stem"], "centre")
    table = coordinates([site], network.screen)
    assert table["unit"][1].tolist() == [f"stem/{channel}/12/12" for channel in range(6)]
    # unit 12 of stride 2, kernel 5, padding 2 is centred on pixel 24, half a pixel right of and below the middle
    assert table["rf_x"][1][0] == pytest.approx(0.5 / 12)
    assert table["rf_y"][1][0] == pytest.approx(-0.5 / 12)
    assert table["rf_size"][1][0] == pytest.approx(5 / 12)


def test_all_units_come_channel_by_channel_row_by_row(network):
    (site,) = lower(network, ["stem"], "all")
    labels = coordinates([site], network.screen)["unit"][1]
    assert len(labels) == len(set(labels)) == 6 * 24 * 24
    assert labels[[0, 1, 24, 24 * 24]].tolist() == ["stem/0/0/0", "stem/0/0/1", "stem/0/1/0", "stem/1/0/0"]


def test_coordinates_of_a_mean_name_no_place(network):
    table = coordinates(lower(network, ["stem", "wide"], "mean"), network.screen)
    assert set(table) == {"unit", "layer", "channel", "rf_size"}
    assert table["unit"][1][-1] == "wide/7"


def test_layers_keep_the_order_in_which_they_were_asked_for(network):
    assert [site.layer for site in lower(network, ["wide", "stem"], "centre")] == ["wide", "stem"]


def test_random_units_hang_on_seed_and_layer_alone(network):
    alone = lower(network, ["wide"], "random", count=20, seed=3)[0]
    among = lower(network, ["stem", "wide"], "random", count=20, seed=3)[1]
    other = lower(network, ["wide"], "random", count=20, seed=4)[0]
    places = [np.stack([s.channels, s.rows, s.columns]) for s in (alone, among, other)]
    np.testing.assert_array_equal(places[0], places[1])
    assert (places[0] != places[2]).any()
    assert len(np.unique(places[0], axis=1).T) == 20


def test_units_by_name_from_a_mapping_and_from_a_table(network):
    places = {"wide": [(3, 2, 1), (0, 0, 0)], "stem": [(5, 23, 23)]}
    sites = lower(network, None, places)
    coords = coordinates(sites, network.screen)
    assert coords["unit"][1].tolist() == ["wide/3/2/1", "wide/0/0/0", "stem/5/23/23"]
    table = xr.DataArray(np.zeros(3), dims="unit", coords=coords)
    again = coordinates(lower(network, None, table.isel(unit=[0, 2])), network.screen)
    assert again["unit"][1].tolist() == ["wide/3/2/1", "stem/5/23/23"]
    chosen = coordinates(lower(network, ["stem"], table), network.screen)
    assert chosen["unit"][1].tolist() == ["stem/5/23/23"]


def test_a_layer_without_a_map_has_row_and_column_zero(network):
    assert coordinates(lower(network, ["head"], "centre"), network.screen)["unit"][1].tolist() == [
        f"head/{unit}/0/0" for unit in range(5)
    ]


def test_names_of_graph_nodes_are_resolved():
    network = load("resnet18", weights="none", pixels=64)
    assert lower(network, ["layer1.0.relu_1"], "centre")[0].layer == "layer1.0.relu"
    with pytest.raises(ValueError, match=r"more than once: layer1\.0\.relu"):
        lower(network, ["layer1.0.relu_1", "layer1.0.relu"], "centre")


@pytest.mark.parametrize(
    ("layers", "options", "message"),
    [
        (["stom"], {"units": "centre"}, "no layer named 'stom'; small has stem"),
        (["stem"], {"units": "center"}, "did you mean 'centre'"),
        ([], {"units": "centre"}, "no layers were asked for; small has stem"),
        (None, {"units": "all"}, "needs layers"),
        (["stem"], {"units": "random"}, "needs count="),
        (["stem"], {"units": "random", "count": 0}, "one at least"),
        (["stem"], {"units": "random", "count": 99999}, "stem: 99999 units at random of a layer that has 3456"),
        (["stem"], {"units": "centre", "count": 3}, "count=3 goes with units='random'"),
        (["stem"], {"units": {"stem": [(0, 0, 0)]}, "count": 3}, "count=3 goes with"),
        (None, {"units": {"stem": [(0, 24, 3)]}}, r"6 channels × 24 rows × 24 columns.*outside it: \(0, 24, 3\)"),
        (None, {"units": {"stem": [(0, -1, 3)]}}, r"outside it: \(0, -1, 3\)"),
        (None, {"units": {"stem": [(0, 1, 3), (0, 1, 3)]}}, r"more than once: \(0, 1, 3\)"),
        (None, {"units": {"stem": []}}, "no units given for stem"),
        (None, {"units": {"stem": [(0, 1)]}}, r"\(channel, row, column\) in whole numbers"),
        (["wide"], {"units": {"stem": [(0, 1, 1)]}}, "no units given for wide; there are units of stem"),
        (None, {"units": xr.Dataset(coords={"unit": ["a"]})}, "no coordinate layer, channel, row, column"),
    ],
)
def test_what_is_not_there_is_refused_with_a_remedy(network, layers, options, message):
    with pytest.raises(ValueError, match=message):
        lower(network, layers, **options)


def test_units_of_a_wrong_type_are_refused(network):
    with pytest.raises(TypeError, match="a mapping"):
        lower(network, ["stem"], 3)
