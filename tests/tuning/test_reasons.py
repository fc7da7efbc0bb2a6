"""No NaN without a reason next to it: a law over every table of measures, of good cells, odd ones and noise."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from cortexcnn import tuning
from cortexcnn.tuning.map_fits import FIT_CAUTIONS
from cortexcnn.tuning.maps import MAP_CAUTIONS, MAP_FAULTS
from cortexcnn.tuning.validity import UNDEFINED, extended

BLANK = 0.5
TOLD = {*tuning.FAULTS, *tuning.CAUTIONS, *MAP_FAULTS, *MAP_CAUTIONS, *FIT_CAUTIONS}
ORIENTATION, DIRECTION, PHASE = np.arange(0, 180, 22.5), np.arange(0, 360, 30.0), np.arange(0, 360, 45.0)
FREQUENCY, SIZE, CONTRAST = 2.0 ** np.arange(-2, 4), 2.0 ** np.arange(-2, 4), np.geomspace(0.05, 1, 6)
PLACE = np.linspace(-1, 1, 5)


def shown(**parameters: Any) -> dict[str, np.ndarray]:
    """Columns of every combination, the first parameter slowest, and a blank."""
    rows = list(zip(*product(*parameters.values()), strict=True))
    columns = {name: np.array(row) for name, row in zip(parameters, rows, strict=True)}
    columns.setdefault("contrast", np.ones(len(rows[0])))
    blank = {name: 0.0 if name == "contrast" else np.nan for name in columns}
    return {
        name: np.append(column, column[-1] if column.dtype.kind in "US" else blank[name])
        for name, column in columns.items()
    }


def responses(columns: dict[str, np.ndarray], values: np.ndarray, *, blank: bool = True) -> xr.DataArray:
    count = len(values) + 1
    coords: dict[str, Any] = {name: ("stimulus", column) for name, column in columns.items()}
    coords |= {"stimulus": np.arange(count), "unit": np.arange(values.shape[1])}
    table = xr.DataArray(
        np.concatenate([values, np.full((1, values.shape[1]), BLANK)]), dims=("stimulus", "unit"), coords=coords
    )
    return table if blank else table.isel(stimulus=slice(count - 1))


Table = Callable[[xr.DataArray], xr.Dataset]
TEXTURES: dict[str, Any] = {"version": ["texture", "noise"], "family": ["a", "b", "c"], "sample": [0.0, 1.0]}
ONE_TEXTURE: dict[str, Any] = {"version": ["texture", "noise"], "family": ["a"], "sample": [0.0]}
BARS: dict[str, Any] = {"polarity": ["light", "dark"], "position": np.arange(-3, 3.1, 0.5)}
PLACES = {"y": PLACE, "x": PLACE}
RATES = {"orientation": ORIENTATION, "size": [1.0, 2.0, 4.0], "spatial_frequency": FREQUENCY, "phase": PHASE}


def maps(**options: Any) -> Callable[[Callable[..., xr.Dataset]], Table]:
    def made(measure: Callable[..., xr.Dataset]) -> Table:
        return lambda table: measure(tuning.position_map(table, **options))

    return made


def spikes(table: xr.DataArray) -> xr.DataArray:
    """Rates that the battery of 2021 takes: of units that are there."""
    return table.fillna(0).where(np.isfinite(table), 0).clip(min=0) * 20


MEASURES: dict[str, tuple[Table, dict[str, Any]]] = {
    "orientation": (tuning.orientation_tuning, {"orientation": ORIENTATION}),
    "orientation, what is there": (lambda r: tuning.orientation_tuning(r, skipna=True), {"orientation": ORIENTATION}),
    "orientation, few": (tuning.orientation_tuning, {"orientation": ORIENTATION[::2]}),
    "orientation, F1": (
        lambda r: tuning.orientation_tuning(r, component="larger"),
        {"orientation": ORIENTATION, "phase": PHASE},
    ),
    "direction": (tuning.direction_tuning, {"direction": DIRECTION}),
    "spatial frequency": (tuning.spatial_frequency_tuning, {"spatial_frequency": FREQUENCY}),
    "spatial frequency, two": (tuning.spatial_frequency_tuning, {"spatial_frequency": FREQUENCY[:2]}),
    "phase": (tuning.phase_tuning, {"phase": PHASE}),
    "phase, unrectified": (lambda r: tuning.phase_tuning(r, rectify=False), {"phase": PHASE}),
    "phase and orientation": (tuning.phase_tuning, {"orientation": ORIENTATION, "phase": PHASE}),
    "contrast": (tuning.contrast_tuning, {"contrast": CONTRAST}),
    "size": (tuning.size_tuning, {"size": SIZE}),
    "size, unrectified": (lambda r: tuning.size_tuning(r, rectify=False), {"size": SIZE}),
    "length": (tuning.length_tuning, {"length": SIZE}),
    "bars": (tuning.line_weighting_tuning, BARS),
    "edges, unrectified": (lambda r: tuning.edge_tuning(r, rectify=False), BARS),
    "bars of two widths": (tuning.line_weighting_tuning, BARS | {"width": [1.0, 3.0]}),
    "bars of two widths, unrectified": (
        lambda r: tuning.line_weighting_tuning(r, rectify=False),
        BARS | {"width": [1.0, 3.0]},
    ),
    "edges": (tuning.edge_tuning, BARS),
    "mask": (tuning.cross_orientation_tuning, {"mask_contrast": [0.0, 0.25, 0.5], "mask_angle": [90.0]}),
    "surround": (
        tuning.surround_orientation_tuning,
        {"surround_angle": [0.0, 45.0, 90.0, 135.0], "surround_contrast": [0.0, 1.0]},
    ),
    "texture": (tuning.texture_tuning, TEXTURES),
    "texture, unrectified": (lambda r: tuning.texture_tuning(r, rectify=False), TEXTURES),
    "texture, one": (tuning.texture_tuning, ONE_TEXTURE),
    "angle": (tuning.angle_tuning, {"direction": DIRECTION, "opening": [0.0, 60.0, 120.0, 180.0]}),
    "angle, no half-line": (tuning.angle_tuning, {"direction": DIRECTION[:3], "opening": [60.0]}),
    "curvature": (tuning.curvature_tuning, {"direction": DIRECTION, "curvature": [0.0, 0.5, 1.0]}),
    "curvature, no line": (tuning.curvature_tuning, {"direction": DIRECTION, "curvature": [0.5, 1.0]}),
    "receptive field": (maps()(tuning.receptive_field), PLACES),
    "receptive field, either sign": (
        lambda r: tuning.receptive_field(tuning.position_map(r, rectify=False), either_sign=True),
        PLACES,
    ),
    "effective field": (lambda r: tuning.effective_field(tuning.position_map(r), 2.0), PLACES),
    "effective field, noise": (
        lambda r: tuning.effective_field(tuning.position_map(r), 2.0, noise=tuning.position_map(r) * 0 + 1),
        PLACES,
    ),
    "subregions": (
        lambda r: tuning.subregions(tuning.polarity_maps(r)),
        {"polarity": ["light", "dark"]} | PLACES,
    ),
    "gaussians": (maps(rectify=False)(tuning.fit_gaussians), PLACES),
    "gaussians and a base": (lambda r: tuning.fit_gaussians(tuning.position_map(r), base=True), PLACES),
    "gabors": (maps(rectify=False)(tuning.fit_gabors), PLACES),
    "marques2020, orientation": (
        lambda r: tuning.marques2020_orientation(spikes(r)),
        RATES | {"size": [2.0], "spatial_frequency": [1.0]},
    ),
    "marques2020, spatial frequency": (lambda r: tuning.marques2020_spatial_frequency(spikes(r)), RATES),
    "marques2020, size": (lambda r: tuning.marques2020_size(spikes(r)), RATES),
}


@pytest.mark.parametrize("blank", [True, False])
@pytest.mark.parametrize("name", MEASURES)
def test_no_nan_is_without_a_reason(name: str, blank: bool, odd_cells: Callable, accounted: Callable) -> None:
    if name.startswith("marques") and not blank:
        pytest.skip("the battery refuses responses without a blank")
    measure, parameters = MEASURES[name]
    columns = shown(**parameters)
    count = len(columns["contrast"]) - 1
    accounted(measure(responses(columns, odd_cells(count, blank=BLANK), blank=blank)))


@pytest.mark.parametrize("name", [name for name in MEASURES if len(shown(**MEASURES[name][1])["contrast"]) < 100])
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**31), share=st.floats(0, 0.3), level=st.sampled_from([-2.0, 0.0, 2.0]))
def test_nor_is_one_of_noise_with_zeros_and_gaps(
    name: str, seed: int, share: float, level: float, accounted: Callable
) -> None:
    measure, parameters = MEASURES[name]
    columns, rng = shown(**parameters), np.random.default_rng(seed)
    values = level + rng.standard_normal((len(columns["contrast"]) - 1, 6))
    values[:, :3] *= rng.random(values[:, :3].shape) > share
    values[rng.random(values.shape) < share / 20] = np.nan
    accounted(measure(responses(columns, values)))


def test_reasons_are_documented_once(odd_cells):
    assert not set(UNDEFINED) & TOLD
    for name, (measure, parameters) in MEASURES.items():
        columns = shown(**parameters)
        table = measure(responses(columns, odd_cells(len(columns["contrast"]) - 1, blank=BLANK)))
        for reason in table["reason"].values.tolist():
            for part in filter(None, reason.split("; ")):
                why = re.fullmatch(r"no [\w, ]+ \((.+)\)", part)
                known = part in TOLD or part.startswith("no response exceeds the blank's") or why
                assert known, f"{name}: {part!r} is in none of the tables of reasons"
                if why and part not in TOLD:
                    assert why[1] in UNDEFINED, part


def test_measures_that_share_a_reason_are_named_together_and_once():
    notes = xr.Dataset({"valid": ("unit", [True, True, False]), "reason": ("unit", ["", "because", "dead"])})
    column = {name: xr.DataArray([np.nan, np.nan, np.nan], dims="unit") for name in ("a", "b", "c")}
    found = extended(notes, column, why={"a": "because", "b": "because", "c": "else"})
    assert found["reason"].values.tolist() == ["no a, b (because); no c (else)", "because; no c (else)", "dead"]
    again = extended(found, {"a": column["a"]}, why={"a": "because"})
    assert again["reason"].values[1] == found["reason"].values[1]
    assert found["a"].attrs["undefined"] == "because"
