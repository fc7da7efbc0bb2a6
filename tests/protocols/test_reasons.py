"""No NaN without a reason next to it: the law of ``tests/tuning/test_reasons.py`` over the protocols' own measures."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import xarray as xr

from cortexcnn.protocols import PROPERTIES, PROTOCOLS, grating_battery, grating_tuning, marques2020_properties
from cortexcnn.screen import Screen
from cortexcnn.stimuli import sweep

SCREEN = Screen(degrees=6, pixels=132)
STILL = [name for name, one in PROTOCOLS.items() if one.stimuli and not one.film and name != "ringach2002b"]
"""Those on films and noise have tests of their own: their measures are those of ``tuning``."""


def answers(stimuli: xr.Dataset, odd_cells: Callable[..., np.ndarray], blank: float = 0.5) -> xr.DataArray:
    """Odd cells that are shown a table of stimuli; its blank is its last row."""
    values = odd_cells(stimuli.sizes["stimulus"] - 1, blank=blank)
    values = np.concatenate([values, np.full((1, values.shape[1]), blank)])
    coords = {name: ("stimulus", column.values) for name, column in stimuli.data_vars.items()}
    coords |= {"stimulus": stimuli["stimulus"].values, "unit": np.arange(values.shape[1])}
    return xr.DataArray(
        values, dims=("stimulus", "unit"), coords=coords, attrs={**stimuli.attrs, "degrees": SCREEN.degrees}
    )


@pytest.mark.parametrize("name", STILL)
def test_of_an_experiment(name: str, odd_cells: Callable, accounted: Callable) -> None:
    protocol = PROTOCOLS[name]
    shown = answers(protocol.stimuli(SCREEN), odd_cells)
    if protocol.stimuli(SCREEN).attrs["kind"] == "swept_bar":
        shown = shown.expand_dims(time=np.arange(3) / 64)
    table = protocol.measure(shown)
    accounted(table)
    assert set(protocol.measures) <= set(table.data_vars)


@pytest.mark.parametrize("frequencies", [[1.0], [1.0, 2.0], 6])
@pytest.mark.parametrize("baseline", ["blank", "none"])
def test_of_grating_tuning(frequencies, baseline, odd_cells, accounted):
    battery = grating_battery(SCREEN, orientations=8, spatial_frequencies=frequencies)
    table = grating_tuning(answers(battery, odd_cells), baseline=baseline)
    # A unit that one of its parts can't measure is not valid, and keeps the numbers of the others.
    numbers = {name: column for name, column in table.data_vars.items() if column.dtype.kind == "f"}
    accounted(table.assign({name: column.where(table["valid"]) for name, column in numbers.items()}))
    unmeasured = np.any([column.isnull() for column in numbers.values()], axis=0)
    assert all(table["reason"].values[unmeasured])


@pytest.mark.parametrize(("compat", "repeats"), [("marques2020", None), (None, None), (None, 5)])
def test_of_the_battery_of_2021(compat, repeats, odd_cells):
    sets = {
        "orientation": {"orientation": np.arange(0, 180, 22.5), "size": [2.0], "spatial_frequency": [1.0]},
        "spatial_frequency": {"orientation": [0.0, 90.0], "size": [1.5], "spatial_frequency": 2.0 ** np.arange(-1, 4)},
        "size": {"orientation": [0.0, 90.0], "size": 2.0 ** np.arange(-2, 3), "spatial_frequency": [1.0]},
    }
    tables = [_set(name, parameters) for name, parameters in sets.items()]
    blank = _set("blank", {"contrast": 0.0})
    stimuli = xr.concat([*tables, blank], "stimulus", data_vars="all", combine_attrs="override")
    stimuli = stimuli.assign_coords(stimulus=np.arange(stimuli.sizes["stimulus"]))
    shown = answers(stimuli, odd_cells)
    rates = shown.where(np.isfinite(shown), 0).clip(min=0) * 20
    found = marques2020_properties(rates, compat=compat, repeats=repeats)
    reasons = found["reason"].values.astype(str)
    for name in (name for name in PROPERTIES if name in found):
        missing, valid = np.isnan(found[name].values), found[f"valid_{name}"].values
        assert missing[~valid].all()
        assert all(reasons[~valid])
        for reason in reasons[missing & valid]:
            assert found[name].attrs["undefined"] in reason, (name, reason)
            assert name in reason, (name, reason)


def _set(name: str, parameters: dict) -> xr.Dataset:
    phase = {} if name == "blank" else {"phase": np.arange(8) * 45.0}
    table = sweep("grating", **parameters, **phase, aperture="disc")
    return table.assign(set=("stimulus", np.full(table.sizes["stimulus"], name)))
