"""The door: how well do these units predict those neurons, on stimuli that were held out?"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
import xarray as xr

from cortexcnn.arrays import check_responses, groups, match_stimuli
from cortexcnn.choices import chosen
from cortexcnn.similarity.encoding.banded import band_weights, contributions
from cortexcnn.similarity.encoding.heldout import ENCODERS, HeldOut, Options, held_out
from cortexcnn.similarity.encoding.kernel import Kernel, kernel
from cortexcnn.similarity.encoding.score import by_fold, scored, unit_reliability
from cortexcnn.similarity.folds import folds_of

__all__ = ["encode"]


def encode(
    responses: xr.DataArray,
    reference: xr.DataArray,
    *,
    method: str = "ridge",
    by: str | None = None,
    folds: int | xr.DataArray = 10,
    same: str | None = None,
    penalties: Sequence[float] | None = None,
    components: int = 25,
    candidates: int = 50,
    splits: int = 20,
    least_reliability: float = 0.1,
    keep_predictions: bool = False,
    rng: int | np.random.Generator | None = 0,
) -> xr.Dataset:
    """Predict each unit of the reference from the units of the responses, on held-out stimuli.

    Either side may be the network: with the arguments swapped, neurons predict its units.

    Parameters
    ----------
    responses : DataArray (stimulus, unit[, repeat])
        What predicts. Repeats are averaged.
    reference : DataArray (stimulus, unit[, repeat])
        What is predicted, to the same stimuli. Repeats are averaged (NaN marks a missing one), and their halves give
        the reliability.
    method : str
        One of ``ENCODERS``. "ridge": every neuron with the penalty that is best for left-out training stimuli [1]_.
        "pls": partial least squares, all neurons together, not scaled. "banded ridge": a penalty for each label of
        ``by`` and each neuron, so that layers compete [2]_.
    by : str, optional
        A coordinate along the units that predict, e.g. "layer": one encoding model for each label, or its bands for
        "banded ridge".
    folds : int or DataArray (stimulus)
        How many folds, drawn by :func:`~cortexcnn.similarity.stimulus_folds`, or the fold of each stimulus.
    same : str, optional
        A coordinate along ``stimulus`` of either table, e.g. "movie": stimuli with equal labels are held out together,
        and left out together when a penalty is chosen.
    penalties : sequence of float, optional
        For ridge. None tries 20 from 1e-5 to 1e5, times the mean eigenvalue of the training kernel. Of "banded
        ridge" they apply to kernels with a mean of 1 on the diagonal.
    components : int
        For "pls".
    candidates : int
        Weights of bands that "banded ridge" draws, besides all alike and each alone.
    splits : int
        Halvings of the repeats for the reliability.
    least_reliability : float
        Scores of neurons below it are not divided by it.
    keep_predictions : bool
        Return ``prediction`` too.
    rng : int, Generator or None
        Seed or source of folds, halvings and weights of bands.

    Returns
    -------
    Dataset ([by,] unit)
        ``correlation``: Pearson's r over all held-out stimuli, training means subtracted from both sides (a mean alone
        would correlate negatively with what it left out). ``explained_variance``: R² = 1 − Σ(y − ŷ)² / Σ(y − training
        mean)², which is 0 for the mean, and negative for a prediction worse than it; r² forgives a wrong size and
        offset, R² doesn't. ``reliability``: see :func:`~cortexcnn.similarity.unit_reliability`.
        ``normalised``: explained variance / reliability, R² with the noiseless response; ``normalised_correlation``:
        correlation / √reliability. ``reason``: why a score is missing or above 1. ``penalty`` for ridge: geometric
        mean over the folds. ``squared_error`` and ``squared_deviation`` (fold, unit): the sums that R² is made of, for
        draws of folds. For "banded ridge", ``contribution`` (by, unit) says how much explained variance each band
        adds; the sum over bands is the whole. With ``keep_predictions``, ``prediction`` ([by,] stimulus, unit).

    Raises
    ------
    ValueError
        If stimuli don't match, a stimulus has no response (names the neurons), a response is not finite, there are
        fewer stimuli than folds, or a choice is out of range.

    Notes
    -----
    A normalised score above 1 is no mistake: the reliability is an estimate, and both it and the score carry chance.
    Noise in what predicts is not corrected for, so that neurons predict units less well than as many noiseless ones
    would.

    References
    ----------
    .. [1] Hoerl & Kennard (1970), Technometrics 12, 55-67; Golub, Heath & Wahba (1979), Technometrics 21, 215-223.
    .. [2] Nunez-Elizalde, Huth & Gallant (2019), NeuroImage 197, 482-492.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> labels = {"stimulus": range(100), "unit": range(8)}
    >>> layer = xr.DataArray(rng.normal(size=(100, 8)), labels, ("stimulus", "unit"))
    >>> cells = (layer.values @ rng.normal(size=(8, 3)))[..., None] + 0.1 * rng.normal(size=(100, 3, 5))
    >>> cells = xr.DataArray(cells, {"stimulus": range(100), "unit": list("abc")}, ("stimulus", "unit", "repeat"))
    >>> encode(layer, cells).normalised.round(2).values
    array([1., 1., 1.])
    """
    chosen(ENCODERS, method, what="encoder")
    responses, cells, repeated = _tables(responses, reference)
    fold = folds_of(responses, cells, folds, same=same, rng=rng).values
    _check_numbers(penalties, components, candidates)
    sources = _sources(responses, by)
    if by in cells.coords:
        raise ValueError(f"both tables have {by}; give that of the reference another name: reference.rename({by}=…)")
    if method == "pls":
        _check_components(components, sources, fold, by)
    if method == "banded ridge" and by is None:
        raise ValueError('"banded ridge" has a penalty for each label of a coordinate along unit: name it, by="layer"')
    reliability = unit_reliability(repeated, splits=splits, rng=rng)
    bands = len(sources) if method == "banded ridge" else 1
    labels = None if same is None else _with(same, responses, cells)[same].values
    options = Options(penalties, components, band_weights(bands, candidates, np.random.default_rng(rng)), labels)
    tables = []
    for each in [list(sources.values())] if method == "banded ridge" else [[one] for one in sources.values()]:
        result = held_out(method, each, cells.values, fold, options)
        scores = scored(result, reliability.values, least=least_reliability)
        table = _labelled(result, scores, cells, keep_predictions=keep_predictions)
        sums = {name: (("fold", "unit"), values) for name, values in by_fold(result, fold).items()}
        tables.append(table.assign(sums))
    found = _stacked(tables, method, by, list(sources))
    told = {"method": method, "folds": len(np.unique(fold)), "same": same or "none"}
    return found.assign(reliability=("unit", reliability.values)).assign_attrs(told)


def _tables(responses: xr.DataArray, reference: xr.DataArray) -> tuple[xr.DataArray, xr.DataArray, xr.DataArray]:
    """What predicts, the mean of what is predicted (stimulus, unit), and the same with its repeats."""
    for table, what in ((responses, "the responses"), (reference, "the reference")):
        check_responses(table)
        if "time" in table.dims:
            raise ValueError(f'{what} have a time axis; average over it or select from it first, e.g. .mean("time")')
        if not table.sizes["unit"]:
            raise ValueError(f"{what} have no units")
    responses, repeated = match_stimuli(responses, reference, names=("the responses", "the reference"))
    cells = repeated.mean("repeat", keep_attrs=True) if "repeat" in repeated.dims else repeated
    cells = cells.transpose("stimulus", "unit").astype(np.float64)
    bad = ~np.isfinite(cells.values)
    if bad.any():
        units, stimuli = (cells[dim].values[bad.any(axis)][:5].tolist() for dim, axis in (("unit", 0), ("stimulus", 1)))
        raise ValueError(
            f"{int(bad.any(axis=0).sum())} units of the reference have no finite response to some of "
            f"{int(bad.any(axis=1).sum())} stimuli: units {units}, stimuli {stimuli}; leave either out, "
            'e.g. by reference.mean("repeat").dropna("unit")'
        )
    return responses, cells, repeated


def _with(same: str | None, responses: xr.DataArray, cells: xr.DataArray) -> xr.DataArray:
    """The table that has the coordinate."""
    return responses if same in responses.coords else cells


def _check_numbers(penalties: Sequence[float] | None, components: int, candidates: int) -> None:
    """Refuse what no encoder can use."""
    if penalties is not None and not (np.size(penalties) and np.all(np.isfinite(penalties)) and np.min(penalties) > 0):
        raise ValueError(f"penalties={penalties}: positive numbers are wanted, e.g. np.logspace(-3, 5, 20)")
    if components < 1 or candidates < 0:
        raise ValueError(f"components={components}, candidates={candidates}: at least 1 and 0 are wanted")


def _sources(responses: xr.DataArray, by: str | None) -> dict[Hashable | None, Kernel]:
    """The kernel of each label."""
    if by is None:
        return {None: kernel(responses)}
    return {label: kernel(table) for label, table in groups(responses, by)}


def _check_components(
    components: int, sources: dict[Hashable | None, Kernel], fold: np.ndarray, by: str | None
) -> None:
    """Refuse more components than there are directions in the training patterns."""
    least = len(fold) - np.unique(fold, return_counts=True)[1].max() - 1
    for label, source in sources.items():
        if components > min(least, source.units):
            where = "" if label is None else f" ({by} {label})"
            raise ValueError(
                f"components={components}{where}: choose at most {min(least, source.units)}, from {least + 1} training "
                f"stimuli and {source.units} units"
            )


def _stacked(tables: list[xr.Dataset], method: str, by: str | None, labels: list[Hashable | None]) -> xr.Dataset:
    """The models under their labels, each with what its method has."""
    if method == "banded ridge":
        return tables[0].rename(band=str(by)).assign_coords({by: labels})
    single = [
        table.isel(band=0).drop_vars(["contribution", *(["penalty"] if method == "pls" else [])]) for table in tables
    ]
    return single[0] if by is None else xr.concat(single, dim=by).assign_coords({by: labels})


def _labelled(
    result: HeldOut, scores: dict[str, np.ndarray], cells: xr.DataArray, *, keep_predictions: bool
) -> xr.Dataset:
    """Scores, penalties and contributions (band, unit) of one model, under the labels of the neurons."""
    along = {name: coord for name, coord in cells.coords.items() if coord.dims == ("unit",)}
    table = xr.Dataset({name: ("unit", values) for name, values in scores.items()}, along)
    each = {"contribution": contributions(result.parts, result.wanted), "penalty": result.penalty}
    table = table.assign({name: (("band", "unit"), values) for name, values in each.items()})
    if keep_predictions:
        stimuli = {name: coord for name, coord in cells.coords.items() if coord.dims == ("stimulus",)}
        predicted = result.parts.sum(axis=0) + result.mean
        table = table.assign(prediction=(("stimulus", "unit"), predicted)).assign_coords(stimuli)
    return table
