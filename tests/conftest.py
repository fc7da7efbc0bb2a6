"""What every test shares: a quiet plotting backend, few threads, and where other people's data may lie."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import xarray as xr
from hypothesis import settings

os.environ.setdefault("MPLBACKEND", "Agg")
settings.register_profile("house", deadline=None)  # no test asserts a time
settings.load_profile("house")

SHARED = Path(__file__).parent.parent.parent / "shared" / "data"


@pytest.fixture(autouse=True)
def same_random_weights_in_every_run() -> None:
    """Modules that tests make have random weights; a failure must come back when the test is run again."""
    torch.manual_seed(0)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests marked ``gpu`` skip, and don't fail, where there is no accelerator."""
    if not torch.cuda.is_available():
        for item in items:
            if item.get_closest_marker("gpu"):
                item.add_marker(pytest.mark.skip(reason="needs an accelerator"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real weights, images and recordings; tests that need it skip where it is absent."""
    if not SHARED.is_dir():
        pytest.skip(f"needs other people's data, which does not come with the project (looked in {SHARED})")
    return SHARED


@pytest.fixture(scope="session")
def odd_cells() -> Callable[..., np.ndarray]:
    """``(count, blank=0, seed=0)`` to responses (stimulus, unit) of cells that ask for trouble."""
    return _odd_cells


@pytest.fixture(scope="session")
def accounted() -> Callable[[xr.Dataset], None]:
    """Asserts of a table of measures that no NaN is without a reason next to it."""
    return _accounted


def _odd_cells(count: int, *, blank: float = 0.0, seed: int = 0) -> np.ndarray:
    """Handmade cells (stimulus, unit): dead, constant, negative, missing, monotone, with one peak or two, and noise."""
    step, half = np.arange(float(count)), count // 2
    one, two, gap = np.zeros(count), np.zeros(count), np.abs(np.sin(step)) + 1
    one[half], two[[1, -2]], gap[half] = 3.0, 3.0, np.nan
    bump = np.exp(-(((step - half) / count * 6) ** 2))
    rng = np.random.default_rng(seed)
    odd = [
        np.zeros(count),
        np.full(count, 2.0),
        np.full(count, 2.0) + 1e-7 * rng.standard_normal(count),
        -np.ones(count),
        -gap,
        np.full(count, np.nan),
        gap,
        np.where(step == half, np.inf, 1 + bump),
        step,
        step[::-1],
        step - half,
        1 + 0.1 * bump,
        3 * bump,
        -3 * bump,
        blank - 0.4 * bump,
        one,
        two,
        one - 0.3,
        1 + np.cos(4 * np.pi * step / count),
        1 + np.cos(np.pi * step),
        np.where(step < half, 1.0, 0.0),
        np.where(step < half, 0.0, 1.0),
        *rng.standard_normal((3, count)),
        *rng.gamma(0.3, size=(3, count)),
        *(1 + 0.01 * rng.standard_normal((2, count))),
    ]
    return np.stack(odd, axis=1)


def _accounted(table: xr.Dataset) -> None:
    """The law of tables of measures: every NaN is accounted for by a reason, and what isn't valid is NaN."""
    valid, reasons = table["valid"].values, table["reason"].values.astype(str)
    assert all(reasons[~valid]), "a unit that is not valid has no reason"
    for name, column in table.data_vars.items():
        if column.dims != ("unit",) or column.dtype.kind != "f":
            continue
        missing = np.isnan(column.values)
        assert missing[~valid].all(), f"{name} of a unit that is not valid is a number"
        assert not np.isinf(column.values).any(), f"{name} is infinite"
        for reason in reasons[valid & missing]:
            why = column.attrs.get("undefined", "not told")
            assert why in reason, f"{name} is NaN, and {reason!r} does not say that {why}"
            named = [re.split(", ", names) for names in re.findall(r"no ([\w, ]+) \(", reason)]
            assert any(name in names for names in named) or why in reason.split("; "), f"{name} is not in {reason!r}"
    for reason in reasons:
        for part in re.split(r"(?:^|; )[a-z_ ]+: ", reason):  # of each set of stimuli by itself
            parts = part.split("; ")
            assert len(parts) == len(set(parts)), f"{reason!r} says something twice"
