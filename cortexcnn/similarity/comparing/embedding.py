"""Maps of representations: stimuli, or whole RDMs, as points whose distances tell how dissimilar they are."""

from __future__ import annotations

import numpy as np
import xarray as xr
from scipy.optimize import isotonic_regression
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.stats import rankdata

from cortexcnn.arrays import check_rdm, match_stimuli
from cortexcnn.choices import chosen
from cortexcnn.similarity.comparing.comparison import compare
from cortexcnn.similarity.comparing.measures import COMPARISONS
from cortexcnn.similarity.comparing.pairs import Pairs, leading, vectors
from cortexcnn.similarity.comparing.scaling import best_turn, distances, initial, scale

__all__ = ["angles_between", "embed", "shepard"]


def embed(
    rdms: xr.DataArray,
    *,
    dimensions: int = 2,
    metric: bool = True,
    starts: int = 4,
    rng: int | np.random.Generator | None = 0,
) -> xr.DataArray:
    """Place stimuli so that their distances are as near as can be to their dissimilarities (MDS by SMACOF [1]_).

    Parameters
    ----------
    rdms : DataArray (…, stimulus, stimulus2)
        RDMs. A pair that is NaN has no weight. Negative dissimilarities (crossnobis) have an order, but no distance:
        only ``metric=False`` takes them.
    dimensions : int
        Of the map.
    metric : bool
        Whether distances should equal dissimilarities, or only rise with them.
    starts : int
        Configurations to start from: classical scaling, and random ones; the best is kept. More of them are worth
        their time where many pairs are left out.
    rng : int, Generator or None
        Source of the random ones.

    Returns
    -------
    DataArray (…, stimulus, dimension)
        Points, centred, with ``stress`` along the leading dimensions: Kruskal's stress-1, 0 for a perfect map, .2 for a
        poor one by his words [2]_. The first map lies along its principal axes, and each that follows is turned and
        mirrored, never stretched, to lie as near as it can to the one before. Metric maps are in units of the
        dissimilarity, of non-metric ones the mean squared distance is about 1.

    Raises
    ------
    ValueError
        If there are fewer stimuli than ``dimensions + 2``, dissimilarities are negative or infinite, all are 0, or so
        many pairs are left out that nothing ties some stimuli to the others (names them).

    References
    ----------
    .. [1] Borg & Groenen (2005), Modern Multidimensional Scaling, chapter 8.
    .. [2] Kruskal (1964), Psychometrika 29, 1-27.

    Examples
    --------
    >>> corners = np.array([[0.0, 0.0], [0.0, 3.0], [4.0, 0.0], [4.0, 3.0]])
    >>> labels = {"stimulus": list("abcd"), "stimulus2": list("abcd")}
    >>> apart = np.linalg.norm(corners[:, None] - corners, axis=-1)
    >>> points = embed(xr.DataArray(apart, labels, ("stimulus", "stimulus2")))
    >>> float(np.linalg.norm(points.sel(stimulus="a") - points.sel(stimulus="d")).round(6))
    5.0
    """
    check_rdm(rdms)
    count = rdms.sizes["stimulus"]
    if dimensions < 1 or starts < 1:
        raise ValueError(f"dimensions={dimensions}, starts={starts}: give at least 1 of each")
    if count < dimensions + 2:
        raise ValueError(
            f"{count} stimuli always fit in {dimensions} dimensions: give {dimensions + 2} stimuli or more"
        )
    random = np.random.default_rng(rng)
    maps: list[np.ndarray] = []
    stresses = []
    for one in vectors(rdms):
        target, row, column = _kept(one, rdms, metric)
        first = initial(target if metric else rankdata(target), row, column, (starts, count, dimensions), random)
        points, stress = scale(target, row, column, first, metric=metric)
        axes = np.linalg.svd(points, full_matrices=False)[2]
        maps.append(best_turn(points, maps[-1]) if maps else points @ axes.T)
        stresses.append(stress)
    dims = leading(rdms)
    shape = tuple(rdms.sizes[dim] for dim in dims)
    coords = {name: one for name, one in rdms.coords.items() if set(one.dims) <= {*dims, "stimulus"}}
    return xr.DataArray(
        np.reshape(maps, (*shape, count, dimensions)),
        coords | {"dimension": np.arange(1, dimensions + 1), "stress": (dims, np.reshape(stresses, shape))},
        (*dims, "stimulus", "dimension"),
        name="position",
        attrs={"metric": metric, **{name: rdms.attrs[name] for name in ("method",) if name in rdms.attrs}},
    )


def shepard(rdm: xr.DataArray, points: xr.DataArray) -> xr.Dataset:
    """What a map made of each dissimilarity (Shepard's diagram).

    Parameters
    ----------
    rdm : DataArray (stimulus, stimulus2)
        What was mapped.
    points : DataArray (stimulus, dimension)
        Its map, from :func:`embed`.

    Returns
    -------
    Dataset (pair)
        In the order of the dissimilarities: ``dissimilarity``, ``distance`` in the map, and ``fitted``, the
        distance that it should be: the dissimilarity itself, or, of a non-metric map, the nearest to the distance that
        rises with it. Attributes ``metric`` and ``stress``.

    Raises
    ------
    ValueError
        If there are several, or their stimuli differ.

    Examples
    --------
    >>> labels = {"stimulus": range(5), "stimulus2": range(5)}
    >>> rdm = xr.DataArray(np.abs(np.subtract.outer(range(5), range(5))) * 1.0, labels, ("stimulus", "stimulus2"))
    >>> told = shepard(rdm, embed(rdm))
    >>> bool((abs(told.distance - told.dissimilarity) < 1e-6).all())
    True
    """
    check_rdm(rdm)
    if leading(rdm) or set(points.dims) != {"stimulus", "dimension"}:
        raise ValueError(
            f"a diagram tells of one map; this rdm has {dict(rdm.sizes)} and these points {dict(points.sizes)}: "
            "select one of both"
        )
    _, points = match_stimuli(rdm, points, names=("the rdm", "the map"))
    pairs = Pairs.of(rdm.sizes["stimulus"])
    values = vectors(rdm)[0]
    apart = distances(points.transpose("stimulus", "dimension").values, pairs.row, pairs.column)
    order = np.lexsort((apart, values))[: int(np.isfinite(values).sum())]
    values, apart = values[order], apart[order]
    fitted = values if points.attrs["metric"] else isotonic_regression(apart).x
    columns = {"dissimilarity": values, "distance": apart, "fitted": fitted}
    return xr.Dataset(
        {name: ("pair", column) for name, column in columns.items()},
        attrs={**points.attrs, "stress": float(points["stress"])},
    )


def angles_between(rdms: xr.DataArray, *, method: str = "pearson") -> xr.DataArray:
    """How dissimilar whole RDMs are, as an RDM whose stimuli they are: what a map of models and areas is made of.

    Parameters
    ----------
    rdms : DataArray (model, stimulus, stimulus2)
        Layers, areas, controls along any one dimension, all of the same stimuli.
    method : str
        One of ``COMPARISONS`` that is 1 for equal RDMs.

    Returns
    -------
    DataArray (stimulus, stimulus2)
        Angles in degrees, the arc cosine of the similarity: 0 for equal geometries, 90 for unrelated ones, and a
        distance in the strict sense for "pearson", "cosine" and "spearman". Labels and coordinates of the models along
        ``stimulus``.

    Raises
    ------
    ValueError
        If there is not one dimension of RDMs, its labels are missing, or the measure is not bounded by 1.

    Examples
    --------
    >>> values = np.random.default_rng(0).gamma(2.0, size=(3, 6, 6)) * (1 - np.eye(6))
    >>> labels = {"layer": ["a", "b", "c"], "stimulus": range(6), "stimulus2": range(6)}
    >>> rdms = xr.DataArray(values + values.swapaxes(1, 2), labels, ("layer", "stimulus", "stimulus2"))
    >>> angles_between(rdms).stimulus.values
    array(['a', 'b', 'c'], dtype='<U1')
    """
    if chosen(COMPARISONS, method, what="comparison").bounds[1] != 1:
        raise ValueError(f"{method} is not 1 for equal RDMs, and so has no angle: choose e.g. pearson or spearman")
    dims = leading(rdms)
    if len(dims) != 1 or dims[0] not in rdms.coords:
        raise ValueError(f"one labelled dimension of RDMs is wanted; these have {', '.join(dims) or 'none'}")
    similarity = compare(rdms, rdms, method=method).values
    angles = np.degrees(np.arccos(np.clip((similarity + similarity.T) / 2, -1, 1)))
    np.fill_diagonal(angles, 0)
    coords = {name: ("stimulus", one.values) for name, one in rdms.coords.items() if one.dims == dims}
    labels = rdms[dims[0]].values
    coords.pop(dims[0])
    return xr.DataArray(
        angles,
        {**coords, "stimulus": labels, "stimulus2": labels},
        ("stimulus", "stimulus2"),
        attrs={"method": f"degrees between RDMs ({method})"},
    )


def _kept(values: np.ndarray, rdms: xr.DataArray, metric: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The dissimilarities that are not left out, and the stimuli of each."""
    pairs = Pairs.of(rdms.sizes["stimulus"])
    kept = np.flatnonzero(~np.isnan(values))
    target, row, column = values[kept], pairs.row[kept], pairs.column[kept]
    links = coo_array((np.ones(len(kept)), (row, column)), (pairs.stimuli,) * 2)
    _, joined = connected_components(links, directed=False)
    if joined.any():
        apart = rdms["stimulus"].values[joined != np.bincount(joined).argmax()]
        raise ValueError(
            f"no pair that is not left out ties {', '.join(map(str, apart[:5]))}{', …' if len(apart) > 5 else ''} "
            "to the other stimuli, so nothing says where they lie: leave these stimuli out"
        )
    if np.isinf(target).any():
        raise ValueError("dissimilarities are finite to be mapped; some of these are infinite: make them NaN")
    if np.ptp(target) == 0 and not (metric and target[0] > 0):
        raise ValueError(f"all dissimilarities are {target[0]:g}: there is nothing to map")
    if metric and target.min() < 0:
        raise ValueError(
            f"{int((target < 0).sum())} dissimilarities are negative, and no distance is: take metric=False, "
            'or transform(rdms, "positive part") first'
        )
    return target, row, column
