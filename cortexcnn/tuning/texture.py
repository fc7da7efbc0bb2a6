"""Does a unit answer to more of a texture than its spectrum, and to which textures? (Freeman, Ziemba et al. 2013.)

Textures come in families, each family in samples, and each sample beside noise of the same spectrum. What a unit gives
to a texture beyond what it gives to the noise is its texture modulation; V1 has hardly any, V2 has.
"""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
import pandas as pd
import xarray as xr

from cortexcnn.arrays import check_responses, is_blank
from cortexcnn.tuning.blocks import by_unit
from cortexcnn.tuning.maps import along_unit
from cortexcnn.tuning.responses import baseline_of, rectified
from cortexcnn.tuning.validity import measured, validity

__all__ = ["texture_tuning"]

_DIMS = ("version", "family", "sample")
_VERSIONS = ("texture", "noise")
_NOUGHT = 0.02
"""Added to both shares of variance before their ratio is taken."""
_TEXTURE, _NOISE = (f"no response to {version}, or too few samples" for version in _VERSIONS)
_ALIKE = "responses to texture do not vary, or too few samples"
_WHY = {
    "texture_modulation_index": "no family gives anything",
    "absolute_texture_modulation_index": "no family gives anything",
    "texture_selectivity": _TEXTURE,
    "texture_sparseness": _TEXTURE,
    "noise_selectivity": _NOISE,
    "noise_sparseness": _NOISE,
    "family_variance": _ALIKE,
    "sample_variance": _ALIKE,
    "texture_variance_ratio": _ALIKE,
}


@by_unit
def texture_tuning(
    responses: xr.DataArray, *, baseline: str = "blank", rectify: bool = True, count_window: float = 0.1
) -> xr.Dataset:
    """Every measure of texture tuning, for every unit, with its validity.

    Parameters
    ----------
    responses : DataArray (stimulus, unit[, repeat][, time])
        Responses to ``cortexcnn.stimuli.textures``: ``family``, ``sample`` and ``version`` ("texture" or "noise")
        along ``stimulus``, every family in the same number of samples. Blanks are the rows of contrast 0.
    baseline : str
        A key of ``BASELINES``: what responses are measured from.
    rectify : bool
        Whether what lies below 0, and then what lies below the baseline, counts as 0. Brain-Score's code does not
        rectify the second time.
    count_window : float
        Seconds: rates times this are the counts whose variance is divided, after a transform that makes that of
        Poisson counts alike (Freeman & Tukey [2]_).

    Returns
    -------
    Dataset (unit)
        Of means over samples above the baseline: ``texture_modulation_index``, the mean over families of (texture −
        noise) / (texture + noise) [1]_ (families that give nothing are left out), and
        ``absolute_texture_modulation_index``; ``texture_selectivity`` and ``noise_selectivity``, their sparseness over
        families. Of single samples: ``texture_sparseness`` and ``noise_sparseness`` over all of them.
        ``family_variance`` and ``sample_variance``: shares of the variance over textures that lie between families
        and between the samples of one, by a nested analysis of variance (with repeats the rest is theirs), and
        ``texture_variance_ratio``, (family + .02) / (sample + .02) [3]_; NaN with one sample or family.
        ``maximum_to_texture`` and ``maximum_to_noise`` above the baseline. ``valid``, ``reason``: measures are NaN
        where a unit is not valid, and where ``reason`` names them.

    Raises
    ------
    ValueError
        If there is no family, sample or version, one of the two versions was not shown, or samples are missing.

    References
    ----------
    .. [1] Freeman, Ziemba, Heeger, Simoncelli & Movshon (2013), Nat. Neurosci. 16, 974-981.
    .. [2] Freeman & Tukey (1950), Ann. Math. Statist. 21, 607-611.
    .. [3] Ziemba, Freeman, Movshon & Simoncelli (2016), PNAS 113, E3140-E3149.

    Examples
    --------
    >>> rows = {"family": ["bark", "bark", "sand", "sand"], "sample": [0, 0, 0, 0],
    ...     "version": ["texture", "noise"] * 2, "contrast": [1.0] * 4}
    >>> responses = xr.DataArray([[9.0], [3.0], [4.0], [4.0]], dims=("stimulus", "unit"),
    ...     coords={"stimulus": range(4), "unit": ["cell"], **{name: ("stimulus", row) for name, row in rows.items()}})
    >>> float(texture_tuning(responses).texture_modulation_index[0])
    0.25
    """
    if not count_window > 0:
        raise ValueError(f"count_window={count_window}: seconds, above 0")
    check_responses(responses, parameters=("family", "sample", "version"))
    table = rectified(responses, rectify=rectify)
    floor = baseline_of(table, baseline)
    shown = _by_family(table)
    curve = shown.mean("repeat") - floor.values
    above = rectified(curve, rectify=rectify)
    texture, noise = (above.sel(version=version) for version in _VERSIONS)
    family, sample = _shares(shown.sel(version="texture"), count_window)
    modulation = _modulation(texture.mean("sample"), noise.mean("sample"))
    both = ["family", "sample"]
    measures = {
        "texture_modulation_index": modulation,
        "absolute_texture_modulation_index": abs(modulation),
        "texture_selectivity": _sparse(texture.mean("sample"), ["family"]),
        "noise_selectivity": _sparse(noise.mean("sample"), ["family"]),
        "texture_sparseness": _sparse(texture, both),
        "noise_sparseness": _sparse(noise, both),
        "family_variance": family,
        "sample_variance": sample,
        "texture_variance_ratio": (family + _NOUGHT) / (sample + _NOUGHT),
        "maximum_to_texture": texture.max(both),
        "maximum_to_noise": noise.max(both),
    }
    curve = curve.stack(stimulus=_DIMS).reset_index("stimulus", drop=True)  # noqa: PD013 (of xarray)
    curve = curve.assign_coords(stimulus=np.arange(curve.sizes["stimulus"]), baseline=("unit", floor.values))
    curve = curve.assign_coords(along_unit(table)).assign_attrs(
        table.attrs, baseline=floor.attrs["baseline"], rectified=int(rectify), count_window=count_window
    )
    return measured(measures, validity(curve, tolerance=None), curve, why=_WHY)


def _by_family(table: xr.DataArray) -> xr.DataArray:
    """Responses (version, family, sample, repeat, unit); one repeat where there are none."""
    shown = table.isel(stimulus=np.flatnonzero(~is_blank(table).values))
    if "time" in shown.dims:
        shown = shown.mean("time")
    if "repeat" not in shown.dims:
        shown = shown.expand_dims("repeat")
    labels = [shown[name].values for name in _DIMS]
    there = pd.MultiIndex.from_arrays(labels, names=_DIMS)
    if there.has_duplicates:
        raise ValueError(f"{_told(there[there.duplicated()][0])} is there more than once: stack repeats along repeat")
    axes = [np.array(_VERSIONS), *(pd.unique(column) for column in labels[1:])]
    wanted = pd.MultiIndex.from_product(axes)
    if len(strange := there.difference(wanted)):
        raise ValueError(f"version {strange[0][0]!r}: it is {' or '.join(_VERSIONS)}")
    if len(missing := wanted.difference(there, sort=False)):
        raise ValueError(
            f"{_told(missing[0])} was not shown, and {len(missing) - 1} more: every family is wanted in the same "
            "samples, each as texture and as noise (cortexcnn.stimuli.textures makes such tables)"
        )
    values = shown.transpose("stimulus", "repeat", "unit").values[there.get_indexer(wanted)]
    shape = [len(axis) for axis in axes]
    coords = dict(zip(_DIMS, axes, strict=True))
    return xr.DataArray(values.reshape(*shape, *values.shape[1:]), coords, (*_DIMS, "repeat", "unit"))


def _told(place: tuple[Hashable, ...]) -> str:
    version, family, sample = place
    return f"{version} of family {family}, sample {sample},"


def _modulation(texture: xr.DataArray, noise: xr.DataArray) -> xr.DataArray:
    """The mean of the modulation of each family, of those that give anything."""
    total = texture + noise
    return ((texture - noise) / total.where(total != 0)).mean("family")


def _sparse(values: xr.DataArray, over: list[str]) -> xr.DataArray:
    """As ``sparseness``, but also of values below 0, over several dimensions; NaN for one value or for nothing."""
    count = int(np.prod([values.sizes[dim] for dim in over]))
    square = (values**2).mean(over)
    return (1 - values.mean(over) ** 2 / square.where(square > 0)) / (1 - 1 / count if count > 1 else np.nan)


def _shares(shown: xr.DataArray, window: float) -> tuple[xr.DataArray, xr.DataArray]:
    """Shares of variance between families, and between the samples of one, by a nested analysis of variance."""
    families, samples, repeats = (shown.sizes[name] for name in ("family", "sample", "repeat"))
    if families < 2 or samples < 2:
        nothing = shown.isel(family=0, sample=0, repeat=0, drop=True) * np.nan
        return nothing, nothing
    counts = shown.clip(min=0) * window
    values = counts**0.5 + (counts + 1) ** 0.5
    each = values.mean("repeat")
    middle = each.mean("sample")
    # mean squares between families, between samples, between repeats
    among = samples * repeats * middle.var("family", ddof=1)
    between = repeats * each.var("sample", ddof=1).mean("family")
    within = values.var("repeat", ddof=1).mean(("family", "sample")) if repeats > 1 else xr.zeros_like(among)
    sample = (between - within) / repeats
    family = (among - between) / (samples * repeats)
    total = family + sample + within
    return family / total.where(total > 0), sample / total.where(total > 0)
