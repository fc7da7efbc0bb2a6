"""How far would a similarity move with other stimuli, subjects, units or seeds? Bootstrap draws and their intervals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from cortexcnn.similarity.inference.crossed import Crossed

__all__ = ["bootstrap", "interval"]


def bootstrap(
    rdms: xr.DataArray,
    reference: xr.DataArray,
    *,
    over: str | Sequence[str] = "stimuli",
    method: str = "spearman",
    dissimilarity: str = "correlation",
    by: str | None = None,
    draws: int = 1000,
    rng: int | np.random.Generator | None = None,
) -> xr.DataArray:
    """Similarities of RDMs in bootstrap draws of stimuli, subjects, units, seeds, or any of them crossed.

    Parameters
    ----------
    rdms, reference : DataArray (…, stimulus, stimulus2)
        As for :func:`~cortexcnn.similarity.compare`. To draw units, responses (stimulus, unit[, repeat]) stand in place
        of the rdms; to draw recorded neurons, they come first and the models' RDMs second, which compares alike.
    over : str or sequence of str
        What is drawn with replacement. "stimuli": a stimulus that is drawn twice makes a pair of itself, which is left
        out; ranks are taken anew in each draw. "subjects", "seeds", or the name of any other dimension of either side:
        the mean similarity over those of the draw. "units": the RDM of the drawn units.
    method : str
        One of ``COMPARISONS``.
    dissimilarity, by : str
        Only for responses: how :func:`~cortexcnn.similarity.rdm` makes RDMs of them. Each population, of those that
        ``by`` tells apart, is drawn for itself.
    draws : int
        How many.
    rng : int, Generator or None
        Seed or source of the draws.

    Returns
    -------
    DataArray (draw, leading dims of the rdms, leading dims of the reference)
        Without the dimensions that were drawn. NaN in a draw of stimuli that leaves nothing to compare,
        which happens with few stimuli.

    Raises
    ------
    ValueError
        As :func:`~cortexcnn.similarity.compare`; if what is to be drawn isn't there, or there is only one.

    Notes
    -----
    Draws of stimuli repeat pairs, so their mean is not the similarity itself: take the interval from the draws and the
    value from :func:`~cortexcnn.similarity.compare`. Where several factors are drawn the draws vary too much, because
    measurement noise is counted several times: :func:`~cortexcnn.similarity.evaluate` corrects this.

    Examples
    --------
    >>> points = np.random.default_rng(0).normal(size=(12, 3))
    >>> values = np.linalg.norm(points[:, None] - points[None], axis=-1)
    >>> labels = {"stimulus": range(12), "stimulus2": range(12)}
    >>> rdms = xr.DataArray(values, labels, ("stimulus", "stimulus2"))
    >>> bootstrap(rdms, rdms**2, draws=5, rng=0).values
    array([1., 1., 1., 1., 1.])
    """
    crossed = Crossed.of(
        rdms, reference, over=over, method=method, dissimilarity=dissimilarity, by=by, draws=draws, rng=rng
    )
    names = tuple(crossed.times)
    similarity = crossed.anew(names)
    told = {"over": " × ".join(names), "draws": draws, **({"seed": rng} if isinstance(rng, int) else {})}
    drawn = crossed.weigh(similarity, names).assign_coords(draw=np.arange(draws)).rename("similarity")
    return drawn.assign_attrs(similarity.attrs | told)


def interval(draws: xr.DataArray, *, level: float = 0.95) -> xr.Dataset:
    """Percentile interval of bootstrap draws.

    Parameters
    ----------
    draws : DataArray (draw, …)
        From :func:`bootstrap`; NaN draws are left out.
    level : float
        Share of the draws within, between 0 and 1.

    Returns
    -------
    Dataset (…)
        ``lower``, ``upper``, ``standard_error`` (the standard deviation of the draws), and ``valid``, the number
        of draws that went in.

    Raises
    ------
    ValueError
        If there is no dimension ``draw``, the level is out of range, or fewer than half of the draws are valid.

    Examples
    --------
    >>> interval(xr.DataArray(np.linspace(0, 1, 101), dims="draw"), level=0.9).upper.item()
    0.95
    """
    if "draw" not in draws.dims:
        raise ValueError(f"bootstrap draws have the dimension draw; these have {', '.join(map(str, draws.dims))}")
    if not 0 < level < 1:
        raise ValueError(f"level={level}: choose a share between 0 and 1, such as 0.95")
    valid = draws.notnull().sum("draw")
    if bool((2 * valid < draws.sizes["draw"]).any()):
        raise ValueError(
            f"only {int(valid.min())} of {draws.sizes['draw']} draws leave anything to compare: too few stimuli"
        )
    tails = draws.quantile([(1 - level) / 2, (1 + level) / 2], dim="draw", skipna=True)
    return xr.Dataset(
        {
            "lower": tails.isel(quantile=0, drop=True),
            "upper": tails.isel(quantile=1, drop=True),
            "standard_error": draws.std("draw", ddof=1, skipna=True),
            "valid": valid,
        },
        attrs={**draws.attrs, "level": level},
    )
