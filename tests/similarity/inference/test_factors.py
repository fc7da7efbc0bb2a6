from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from rsatoolbox.util.inference_util import extract_variances

from cortexcnn.similarity.inference.factors import corrected_variance, factors, subsets, together


def draws_of(variances: dict[str, float]) -> xr.DataArray:
    """Two draws with exactly these variances."""
    half = np.sqrt(np.array(list(variances.values())) / 2)
    return xr.DataArray(np.stack([-half, half], 1), {"resampled": list(variances)}, ("resampled", "draw"))


def levels_of(counts: dict[str, int]) -> xr.DataArray:
    return xr.DataArray(list(counts.values()), {"factor": list(counts)}, ("factor",))


@settings(deadline=None, max_examples=20)
@given(counts=st.lists(st.integers(3, 50), min_size=1, max_size=4), data=st.data())
def test_each_component_of_the_variance_is_counted_once(counts, data):
    """A bootstrap of S counts component T as often as the module says; the correction takes that back exactly."""
    names = tuple("abcd"[: len(counts)])
    sizes = dict(zip(names, counts, strict=True))
    component = {part: data.draw(st.floats(0.1, 10)) for part in subsets(names)}
    drawn = {}
    for some in subsets(names):
        times = {
            part: np.prod([1 + (sizes[i] - 1) / sizes[i] for i in some if i in part]) - 1 for part in subsets(names)
        }
        drawn[together(some)] = sum(component[part] * times[part] for part in subsets(names))
    found = corrected_variance(draws_of(drawn), levels_of(sizes)).item()
    assert found == pytest.approx(sum(component.values()), rel=1e-9)


def test_components_of_a_simulated_design_are_counted_as_the_formula_says():
    """Means of a table of subjects × stimuli × seeds with known components, bootstrapped in plain loops."""
    rng = np.random.default_rng(0)
    sizes = {"a": 6, "b": 5, "c": 4}
    truth = 1 / 6 + 0.5 / 5 + 0.25 / 4 + 2.0 / 30 + 1.0 / 24 + 1.5 / 20 + 3.0 / 120
    found = []
    for _ in range(100):
        table = sum(
            scale * rng.normal(size=shape)
            for scale, shape in (
                (1.0, (6, 1, 1)), (np.sqrt(0.5), (1, 5, 1)), (0.5, (1, 1, 4)), (np.sqrt(2.0), (6, 5, 1)),
                (1.0, (6, 1, 4)), (np.sqrt(1.5), (1, 5, 4)), (np.sqrt(3.0), (6, 5, 4)),
            )
        )  # fmt: skip
        weights = {n: rng.multinomial(k, np.full(k, 1 / k), 80) / k for n, k in sizes.items()}
        plain = {n: np.full((80, k), 1 / k) for n, k in sizes.items()}
        drawn = {
            together(some): np.einsum(
                "abc,da,db,dc->d", table, *(weights[n] if n in some else plain[n] for n in sizes), optimize=True
            )
            for some in subsets(tuple(sizes))
        }
        stacked = xr.DataArray(np.stack(list(drawn.values())), {"resampled": list(drawn)}, ("resampled", "draw"))
        found.append(corrected_variance(stacked, levels_of(sizes)).item())
    assert np.mean(found) == pytest.approx(truth, rel=0.15)


def test_two_factors_equal_rsatoolbox_within_their_bounds():
    rng = np.random.default_rng(1)
    subjects, stimuli = rng.normal(size=(2, 400, 3))
    both = subjects + stimuli + 0.8 * rng.normal(size=(400, 3))
    stacked = xr.DataArray(
        np.stack([both, subjects, stimuli]),
        {"resampled": ["stimuli × subjects", "subjects", "stimuli"]},
        ("resampled", "draw", "model"),
    )
    covariance = np.stack([np.cov(table.T) for table in stacked.values])
    levels = levels_of({"stimuli": 20, "subjects": 8})
    models, pairs, _ = extract_variances(covariance, nc_included=False, n_rdm=8, n_pattern=20)
    assert np.allclose(corrected_variance(stacked, levels), models, rtol=1e-12)
    differences = [stacked[..., i] - stacked[..., j] for i, j in ((0, 1), (0, 2), (1, 2))]
    assert np.allclose([corrected_variance(each, levels).item() for each in differences], pairs, rtol=1e-12)


def test_the_variance_stays_between_the_largest_factor_and_all_of_them():
    levels = levels_of({"a": 10, "b": 20})
    low = draws_of({"a": 3.0, "b": 1.0, "a × b": 9.0})
    assert corrected_variance(low, levels).item() == pytest.approx(3.0 / 0.9)
    high = draws_of({"a": 3.0, "b": 3.0, "a × b": 3.5})
    assert corrected_variance(high, levels).item() == pytest.approx(3.5 / 0.9)


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="each once"):
        factors(("stimuli", "stimuli"))
    with pytest.raises(ValueError, match="needs draws of b along the dimension resampled"):
        corrected_variance(draws_of({"a": 1.0, "a × b": 2.0}), levels_of({"a": 3, "b": 3}))
