"""Alignment: what is said to be ignored is ignored, the rest is not, and each equals a direct formula."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import orthogonal_procrustes
from sklearn.cross_decomposition import CCA

from cortexcnn.reference import henaff2021
from cortexcnn.similarity.alignments.alignment import ALIGNMENTS, INVARIANCES, Alignment, alignment

METHODS = list(ALIGNMENTS)


def turn(count: int, rng: np.random.Generator) -> np.ndarray:
    return np.linalg.qr(rng.normal(size=(count, count)))[0]


CHANGES = {
    "permutation": lambda x, rng: x[:, rng.permutation(x.shape[1])],
    "translation": lambda x, rng: x + rng.normal(size=x.shape[1]),
    "isotropic scaling": lambda x, _: 3.0 * x,
    "unit scaling": lambda x, rng: x * rng.permutation(np.logspace(-2, 2, x.shape[1])),
    "rotation": lambda x, rng: x @ turn(x.shape[1], rng),
    "invertible linear": lambda x, rng: (
        x @ turn(x.shape[1], rng) * np.logspace(-2, 2, x.shape[1]) @ turn(x.shape[1], rng)
    ),
}


def table(values: np.ndarray) -> xr.DataArray:
    labels = {"stimulus": np.arange(len(values)), "unit": np.arange(values.shape[1])}
    return xr.DataArray(values, labels, ("stimulus", "unit"))


def pair(seed: int, units: tuple[int, int] = (6, 9), stimuli: int = 20) -> tuple[xr.DataArray, xr.DataArray]:
    rng = np.random.default_rng(seed)
    shared = rng.normal(size=(stimuli, 3))
    return tuple(table(shared @ rng.normal(size=(3, count)) + rng.normal(size=(stimuli, count))) for count in units)


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000))
def test_laws(method, seed):
    rng = np.random.default_rng(seed)
    ours, theirs = pair(seed)
    measure, value = ALIGNMENTS[method], alignment(ours, theirs, method=method).item()
    itself = alignment(ours, ours, method=method).item()
    assert itself == pytest.approx(1.0 if measure.higher else 0.0, abs=1e-6)
    assert measure.bounds[0] - 1e-9 <= value <= measure.bounds[1] + 1e-9
    shuffled = ours.isel(stimulus=rng.permutation(20))
    assert alignment(shuffled, theirs, method=method).item() == pytest.approx(value, abs=1e-8)
    assert (alignment(theirs, ours, method=method).item() == pytest.approx(value, abs=1e-7)) == measure.symmetric


def moved(method: str, name: str, seed: int) -> tuple[float, float]:
    """How far a measure goes when something is done to either side."""
    sides = pair(seed)
    value = alignment(*sides, method=method).item()
    ours, theirs = (table(CHANGES[name](side.values, np.random.default_rng(seed))) for side in sides)
    changed = alignment(ours, sides[1], method=method), alignment(sides[0], theirs, method=method)
    return tuple(abs(one.item() - value) for one in changed)


@pytest.mark.parametrize(("method", "name"), [(m, n) for m in METHODS for n in ALIGNMENTS[m].invariances])
@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 1000))
def test_declared_invariances_hold_on_both_sides(method, name, seed):
    assert max(moved(method, name, seed)) < 1e-6


@pytest.mark.parametrize(
    ("method", "name"), [(m, n) for m in METHODS for n in INVARIANCES if n not in ALIGNMENTS[m].invariances]
)
def test_no_other_invariance_holds(method, name):
    assert max(moved(method, name, seed)[0] for seed in range(5)) > 1e-4


@pytest.mark.parametrize("method", [name for name, measure in ALIGNMENTS.items() if measure.metric])
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000))
def test_metrics_obey_the_triangle_inequality(method, seed):
    rng = np.random.default_rng(seed)
    tables = [table(rng.normal(size=(10, count))) for count in (3, 5, 4)]
    a, b, c = (alignment(tables[i], tables[j], method=method).item() for i, j in ((0, 1), (1, 2), (0, 2)))
    assert c <= a + b + 1e-7
    assert not ALIGNMENTS[method].higher
    assert ALIGNMENTS[method].symmetric


def test_linear_cka_equals_the_formula_of_features():
    ours, theirs = pair(0)
    x, y = (values - values.mean(axis=0) for values in (ours.values, theirs.values))
    cross, own, other = (np.linalg.norm(a.T @ b) for a, b in ((x, y), (x, x), (y, y)))
    assert alignment(ours, theirs).item() == pytest.approx(cross**2 / (own * other))


def test_unbiased_cka_of_unrelated_responses_is_zero_and_the_biased_is_not():
    rng = np.random.default_rng(1)
    values = {"linear cka": [], "unbiased cka": []}
    for _ in range(60):
        ours, theirs = (table(rng.normal(size=(20, 100))) for _ in range(2))
        for method, found in values.items():
            found.append(alignment(ours, theirs, method=method).item())
    assert np.mean(values["linear cka"]) > 0.7
    error = np.std(values["unbiased cka"]) / np.sqrt(60)
    assert abs(np.mean(values["unbiased cka"])) < 4 * error


def test_procrustes_equals_the_best_rotation():
    ours, theirs = pair(2, units=(7, 7))
    x, y = (values - values.mean(axis=0) for values in (ours.values, theirs.values))
    x, y = x / np.linalg.norm(x), y / np.linalg.norm(y)
    rotation, _ = orthogonal_procrustes(x, y)
    distance = alignment(ours, theirs, method="procrustes").item()
    assert distance == pytest.approx(np.linalg.norm(x @ rotation - y))
    assert alignment(ours, theirs, method="angular").item() == pytest.approx(np.arccos(1 - distance**2 / 2))


def test_matched_units_are_found_again():
    rng = np.random.default_rng(3)
    ours = table(rng.normal(size=(30, 8)))
    theirs = table(2.0 * ours.values[:, rng.permutation(8)] + 1.0)
    assert alignment(ours, theirs, method="one-to-one").item() == pytest.approx(1)
    doubled = table(np.concatenate([ours.values, ours.values[:, :2]], axis=1))
    assert alignment(doubled, theirs, method="semi-matching").item() == pytest.approx(1)


def test_canonical_correlations_equal_scikit_learn():
    ours, theirs = pair(4, units=(3, 4), stimuli=40)
    first, second = CCA(n_components=3, scale=False, tol=1e-12, max_iter=10_000).fit_transform(ours, theirs)
    expected = np.mean([np.corrcoef(first[:, k], second[:, k])[0, 1] for k in range(3)])
    assert alignment(ours, theirs, method="cca").item() == pytest.approx(expected, abs=1e-6)
    wide = table(np.concatenate([ours.values, 1e-4 * np.random.default_rng(0).normal(size=(40, 20))], axis=1))
    assert alignment(wide, theirs, method="svcca").item() == pytest.approx(
        alignment(ours, theirs, method="svcca").item(), abs=1e-3
    )


def test_pwcca_is_invariant_to_linear_maps_of_the_reference_alone():
    ours, theirs = pair(5)
    mixed = table(theirs.values @ np.random.default_rng(0).normal(size=(9, 9)))
    value = alignment(ours, theirs, method="pwcca").item()
    assert alignment(ours, mixed, method="pwcca").item() == pytest.approx(value)


@pytest.mark.parametrize("method", ["cca", "svcca", "pwcca"])
def test_sides_that_must_share_directions_are_refused(method):
    ours, theirs = (table(np.random.default_rng(seed).normal(size=(20, 12))) for seed in range(2))
    with pytest.raises(ValueError, match=r"dimensions share some of the 19 .* show more stimuli"):
        alignment(ours, theirs, method=method)
    assert alignment(ours, theirs.isel(unit=slice(7)), method=method).item() < 1


def test_what_is_left_out_is_said_and_what_has_no_width_is_refused():
    ours, theirs = pair(0)
    with pytest.warns(UserWarning, match="1 of 6 units of the responses answer every stimulus alike"):
        alignment(ours.where(ours.unit != 2, 1.0), theirs, method="one-to-one")
    equal = ours.where(ours.stimulus < 3, 1.0)
    with pytest.raises(ValueError, match="most pairs of patterns are equal"):
        alignment(equal, theirs, method="rbf cka")
    with pytest.raises(ValueError, match=r"no side of an alignment named 'unit'; .* Did you mean 'units'"):
        Alignment("unit", np.vdot)
    with pytest.raises(ValueError, match="no invariance named 'rotations'"):
        Alignment("units", np.vdot, invariances=("rotations",))


def test_too_many_units_to_be_matched_are_refused(monkeypatch):
    monkeypatch.setattr(sys.modules["cortexcnn.similarity.alignments.matching"], "_MOST", 20)
    ours, theirs = pair(0)
    with pytest.raises(ValueError, match="too many to be matched one by one"):
        alignment(ours, theirs, method="one-to-one")
    assert alignment(ours, theirs, method="cca").item() < 1


def test_layers_are_compared_by_label(make_population):
    responses, reference = make_population(), make_population(seed=1).mean("unit").expand_dims(unit=["mean"])
    found = alignment(responses, reference, by="layer")
    assert found.layer.values.tolist() == ["z", "a"]
    alone = alignment(responses.isel(unit=(responses.layer == "a").values), reference)
    assert found.sel(layer="a").item() == pytest.approx(alone.item())
    assert found.attrs["higher_is_nearer"] == 1


def test_bad_input_is_refused():
    ours, theirs = pair(0)
    with pytest.raises(ValueError, match="the stimuli don't match"):
        alignment(ours, theirs.isel(stimulus=slice(12)))
    with pytest.raises(ValueError, match="4 stimuli at least; there are 3"):
        alignment(ours[:3], theirs[:3])
    with pytest.raises(ValueError, match="no unit of the reference varies"):
        alignment(ours, xr.ones_like(theirs))
    with pytest.raises(ValueError, match="missing or not finite"):
        alignment(ours.where(ours.unit != 2), theirs)
    with pytest.raises(ValueError, match="no alignment named 'cka'"):
        alignment(ours, theirs, method="cka")


def test_noise_does_not_change_crossvalidated_cka_on_average_and_changes_that_of_means():
    rng = np.random.default_rng(0)
    ours, theirs = (side.values for side in pair(0, units=(20, 30)))
    truth = alignment(table(ours), table(theirs)).item()

    def noisy(values: np.ndarray) -> xr.DataArray:
        return table(values).expand_dims(repeat=9) + xr.DataArray(
            5 * rng.normal(size=(9, *values.shape)), dims=("repeat", "stimulus", "unit")
        )

    found = {"linear cka": [], "crossvalidated cka": []}
    for _ in range(40):
        sides = noisy(ours), noisy(theirs)
        for method, values in found.items():
            values.append([alignment(one, sides[1], method=method).item() for one in (table(ours), sides[0])])
    means = {method: np.mean(values, axis=0) for method, values in found.items()}
    errors = {method: np.std(values, axis=0) / np.sqrt(40) for method, values in found.items()}
    assert (np.abs(means["crossvalidated cka"] - truth) < 4 * errors["crossvalidated cka"]).all()
    assert (np.abs(means["linear cka"] - truth) > 10 * errors["linear cka"]).all()


def test_crossvalidated_cka_of_noiseless_sides_is_linear_cka_and_too_few_repeats_are_refused():
    ours, theirs = pair(0)
    alike = ours.expand_dims(repeat=5)
    expected = alignment(ours, theirs).item()
    assert alignment(alike, theirs, method="crossvalidated cka").item() == pytest.approx(expected)
    with pytest.raises(ValueError, match="four groups of repeats, and there are 3 repeats"):
        alignment(alike[:3], theirs, method="crossvalidated cka")


def documented() -> list[str]:
    """The table of docs/alignment.md."""
    rows = [
        ("measure", "nearer is", "from", "to", "ignores, besides order, offset and factor", "fits", "metric", "sides")
    ]
    for name, measure in ALIGNMENTS.items():
        bounds = ["−∞" if value == -np.inf else "∞" if value == np.inf else f"{value:.4g}" for value in measure.bounds]
        more = [kind for kind in measure.invariances if kind not in {"permutation", "translation", "isotropic scaling"}]
        rows.append(
            (
                name,
                "higher" if measure.higher else "lower",
                *(value.replace("-", "−") for value in bounds),
                ", ".join(more) or "nothing",
                "yes" if measure.fits else "no",
                "yes" if measure.metric else "no",
                "alike" if measure.symmetric else "differ",
            )
        )
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return [lines[0], "|---" * len(rows[0]) + "|", *lines[1:]]


def test_the_documentation_shows_the_registry():
    page = (Path(__file__).parents[3] / "docs" / "alignment.md").read_text(encoding="utf-8")
    assert "\n".join(documented()) in page


def test_two_halves_of_the_repeats_of_recorded_cells_are_the_same_once_crossvalidated(shared_data):
    cells = henaff2021(shared_data / "neural" / "henaff2021_v1")
    cells = cells.isel(unit=np.flatnonzero(cells["reliable"]))
    halves = [cells.isel(repeat=slice(first, 8, 2)) for first in (0, 1)]
    whole = np.logical_and(*(half.notnull().all(("stimulus", "repeat")) for half in halves))
    halves = [half.isel(unit=np.flatnonzero(whole)) for half in halves]
    assert alignment(*halves).item() < 0.75
    assert alignment(*halves, method="crossvalidated cka").item() == pytest.approx(1, abs=0.03)
