"""Units stand where their two measures say, over the bins that were published."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr

from cortexcnn import plot, reference


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def measures(*pairs):
    x, y = np.array(pairs, float).T
    return xr.DataArray(x, dims="unit", name="n_x"), xr.DataArray(y, dims="unit", name="n_y")


def test_units_lie_at_their_values_and_those_beyond_on_the_border():
    neurons = reference.published("n_x_by_n_y")
    ax = plot.joint(*measures((0.2, 0.5), (0.01, 0.3), (0.4, 9), (np.nan, 1)), neurons=neurons)
    mesh, inside, beyond = ax.collections
    np.testing.assert_allclose(inside.get_offsets(), [(0.2, 0.5)])
    np.testing.assert_allclose(beyond.get_offsets(), [(0.1, 0.3), (0.4, 10**0.2)])
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["units (n = 3)", "2 beyond"]
    np.testing.assert_array_equal(np.asarray(mesh.get_array()), neurons.values.T)  # n_x across, n_y up
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")


def test_each_bin_says_how_many_neurons_it_holds():
    ax = plot.joint(*measures((0.2, 0.5)), neurons=reference.published("n_x_by_n_y").transpose("bin2", "bin"))
    told = {text.get_position(): text.get_text() for text in ax.texts}
    assert sum(map(int, told.values())) == 79
    peak = 10 ** (-1 + 1.2 * 2.5 / 5)
    at = min(told, key=lambda place: np.hypot(*np.log(np.array(place) / peak)))
    assert told[at] == "19"


def test_bad_input():
    x, y = measures((0.2, 0.5), (0.3, 0.4))
    with pytest.raises(ValueError, match=r"same units are wanted; these have \(2,\) and \(1,\)"):
        plot.joint(x, y[:1])
