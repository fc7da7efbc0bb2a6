"""How well does an RDM predict itself? Split halves of repeats or of subjects, before anything is compared with it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import xarray as xr

from cortexcnn.arrays import check_rdm, check_responses
from cortexcnn.similarity.comparing.comparison import compare
from cortexcnn.similarity.comparing.pairs import leading, leave_out_pairs
from cortexcnn.similarity.rdms.matrices import rdm

__all__ = ["halves", "spearman_brown", "split_half", "split_half_rdms"]


def split_half(
    responses: xr.DataArray,
    *,
    method: str = "correlation",
    comparison: str = "spearman",
    by: str | None = None,
    zscore: bool = False,
    same: str | None = None,
    splits: int | None = None,
    rng: int | np.random.Generator | None = None,
) -> xr.DataArray:
    """Similarity of the RDMs of two halves of the repeats.

    A repeat belongs to the same half for all units and stimuli. Halves drawn for each unit apart would let noise
    that units share leak from one half to the other, and score too high.

    Parameters
    ----------
    responses : DataArray (stimulus, unit, repeat)
        NaN marks a missing repeat; each half must hold one of every stimulus and unit.
    method, by, zscore
        As in :func:`~cortexcnn.similarity.rdm`; z-scores are taken within each half.
    comparison : str
        One of ``COMPARISONS``.
    same : str, optional
        Leave out the pairs of stimuli with equal labels, as :func:`~cortexcnn.similarity.leave_out_pairs`.
    splits : int, optional
        Number of random halvings; None splits once, into even and odd repeats.
    rng : int, Generator or None
        Seed or source of the halvings.

    Returns
    -------
    DataArray (split[, by])
        Similarity of the halves, not corrected for their length: see :func:`spearman_brown`.

    Raises
    ------
    ValueError
        If there are fewer than 2 repeats, or a half misses a stimulus.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> responses = xr.DataArray(rng.normal(size=(6, 20, 1)) + 0.1 * rng.normal(size=(6, 20, 8)),
    ...     dims=("stimulus", "unit", "repeat"), coords={"stimulus": range(6), "unit": range(20)})
    >>> bool(split_half(responses).item() > 0.9)
    True
    """
    results = []
    for pair in halves(responses, splits=splits, rng=rng):
        ours, theirs = (rdm(half, method=method, by=by, zscore=zscore) for half in pair)
        if same is not None:
            ours, theirs = leave_out_pairs(ours, same=same), leave_out_pairs(theirs, same=same)
        results.append(_paired(ours, theirs, by, comparison))
    return _stacked(results, comparison)


def halves(
    responses: xr.DataArray, *, splits: int | None = None, rng: int | np.random.Generator | None = None
) -> Iterator[tuple[xr.DataArray, xr.DataArray]]:
    """Means over two halves of the repeats, split by the number of the repeat, alike for all units.

    Parameters
    ----------
    responses : DataArray (stimulus, unit, repeat[, time])
        NaN marks a missing repeat.
    splits : int, optional
        Number of random halvings; None splits once, into even and odd repeats.
    rng : int, Generator or None
        Seed or source of the halvings.

    Yields
    ------
    first, second : DataArray (stimulus, unit[, time])
        Means of the two halves.

    Raises
    ------
    ValueError
        If there are fewer than 2 repeats.

    Examples
    --------
    >>> responses = xr.DataArray([[[1.0, 2.0, 3.0, 6.0]]], dims=("stimulus", "unit", "repeat"),
    ...     coords={"stimulus": [0], "unit": [0]})
    >>> [(first.item(), second.item()) for first, second in halves(responses)]
    [(2.0, 4.0)]
    """
    check_responses(responses)
    if responses.sizes.get("repeat", 1) < 2:
        raise ValueError("halves are made of repeats: these responses have fewer than 2 along the dimension repeat")
    ordered = responses.transpose(..., "repeat")
    values, count = ordered.values, responses.sizes["repeat"]
    present = ~np.isnan(values)
    filled, present = np.where(present, values, 0), present.astype(values.dtype)
    template = ordered.isel(repeat=0, drop=True)
    for pair in _splits(count, splits, rng):
        members = (np.isin(np.arange(count), half).astype(values.dtype) for half in pair)
        with np.errstate(invalid="ignore"):  # an empty half is a NaN, which rdm refuses by number and with the remedy
            first, second = (template.copy(data=(filled @ member) / (present @ member)) for member in members)
        yield first, second


def split_half_rdms(
    rdms: xr.DataArray,
    *,
    comparison: str = "spearman",
    over: str = "subject",
    splits: int | None = None,
    rng: int | np.random.Generator | None = None,
) -> xr.DataArray:
    """Similarity of the mean RDMs of two halves of the subjects.

    Parameters
    ----------
    rdms : DataArray (…, subject, stimulus, stimulus2)
        One RDM a subject.
    comparison : str
        One of ``COMPARISONS``.
    over : str
        The dimension of the subjects.
    splits : int, optional
        Number of random halvings; None splits once, into every other subject. An odd one joins the second half.
    rng : int, Generator or None
        Seed or source of the halvings.

    Returns
    -------
    DataArray (split, …)
        Similarity of the halves, not corrected for their size: see :func:`spearman_brown`.

    Raises
    ------
    ValueError
        If there is no such dimension, or fewer than 2 subjects.

    Examples
    --------
    >>> values = np.abs(np.subtract.outer(np.arange(4.0), np.arange(4.0)))
    >>> rdms = xr.DataArray([values, values], dims=("subject", "stimulus", "stimulus2"),
    ...     coords={"stimulus": range(4), "stimulus2": range(4)})
    >>> split_half_rdms(rdms).values
    array([1.])
    """
    check_rdm(rdms)
    if over not in leading(rdms) or rdms.sizes[over] < 2:
        raise ValueError(f"halves are made along {over}, which needs at least 2: there is {dict(rdms.sizes)}")
    results = []
    for pair in _splits(rdms.sizes[over], splits, rng):
        ours, theirs = (rdms.isel({over: half}).mean(over, skipna=False) for half in pair)
        others = leading(ours)
        if len(others) > 1:
            raise ValueError(f"one dimension may stand beside {over}; these rdms have {', '.join(others)}")
        results.append(_paired(ours, theirs, others[0] if others else None, comparison))
    return _stacked(results, comparison)


def spearman_brown(reliability: xr.DataArray | float, *, factor: float = 2.0) -> xr.DataArray | float:
    """Reliability of a measurement ``factor`` times as long, by the Spearman-Brown formula [1]_.

    Parameters
    ----------
    reliability : DataArray or float
        Correlation of two halves, for example.
    factor : float
        How many times longer the whole is; 2 for halves.

    Returns
    -------
    DataArray or float
        factor · r / (1 + (factor − 1) · r).

    References
    ----------
    .. [1] Spearman (1910), Brit. J. Psychol. 3, 271-295; Brown (1910), ibid. 296-322.

    Examples
    --------
    >>> spearman_brown(0.5)
    0.67
    """
    return factor * reliability / (1 + (factor - 1) * reliability)


def _splits(
    count: int, splits: int | None, rng: int | np.random.Generator | None
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Positions of two halves."""
    if splits is None:
        yield np.arange(0, count, 2), np.arange(1, count, 2)
        return
    if splits < 1:
        raise ValueError(f"splits={splits}: at least 1 is needed, or None for even and odd")
    source = np.random.default_rng(rng)
    for _ in range(splits):
        drawn = source.permutation(count)
        yield np.sort(drawn[: count // 2]), np.sort(drawn[count // 2 :])


def _paired(ours: xr.DataArray, theirs: xr.DataArray, by: str | None, comparison: str) -> xr.DataArray:
    """Compare each RDM with its own other half."""
    if by is None:
        return compare(ours, theirs, method=comparison)
    each = [compare(ours.isel({by: i}), theirs.isel({by: i}), method=comparison) for i in range(ours.sizes[by])]
    index = ours[by] if by in ours.coords else by
    return xr.concat(each, dim=index)


def _stacked(results: list[xr.DataArray], comparison: str) -> xr.DataArray:
    """Splits as a dimension."""
    stacked = xr.concat(results, dim="split").assign_coords(split=np.arange(len(results)))
    return stacked.rename("reliability").assign_attrs(comparison=comparison)
