"""The spiking front: any unit as a neuron would show it, in spikes counted over repeated presentations.

It stands in the room of the electrode because it is what an electrode would have brought home; what is measured
afterwards is measured as in neurons, with intervals over repeats. A unit of a network gives the mean, always the same;
the counts scatter around it.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import scipy.special
import xarray as xr

from cortexcnn.arrays import check_responses, content_hash
from cortexcnn.choices import chosen
from cortexcnn.recording.rates import blocks, scale_of

__all__ = ["QUANTITIES", "seed_of", "spike_times", "spikes"]

QUANTITIES = {
    "counts": "whole spikes, in int32",
    "rates": "counts over the seconds that they were counted for, in float32",
}
"""What is returned of what was drawn."""

_MOST = 1e6  # spikes in a presentation that no neuron fires


def spikes(
    responses: xr.DataArray,
    *,
    maximum: float = 33.8,
    spontaneous: float | None = 0.82,
    scale: str = "layer",
    rectify: bool = True,
    duration: float | None = None,
    repeats: int = 20,
    fano: float = 1.0,
    shared: float = 0.0,
    quantity: str = "counts",
    rng: int | np.random.Generator | None = 0,
) -> xr.DataArray:
    """Spikes counted in repeated presentations of each stimulus.

    Responses become rates by :func:`firing_rates`. At ``fano=1`` counts are Poisson. Above, the rate of each
    presentation is drawn from a gamma distribution first, which makes negative binomial counts [1]_ whose variance
    is ``fano`` times the mean; ``shared`` ties the draws of different units in the same presentation together [2]_.

    Parameters
    ----------
    responses : DataArray (stimulus, unit[, time])
        Responses without repeats. With ``time``, evenly spaced, spikes are counted in bins.
    maximum, spontaneous, scale, rectify
        As in :func:`firing_rates`.
    duration : float, optional
        Seconds that spikes are counted for; 1 by default, and what ``time`` spans where there is time.
    repeats : int
        Presentations of each stimulus; blanks are presented as often.
    fano : float
        Variance over mean of the spikes of a presentation, 1 or more.
    shared : float
        From 0 (default: each unit by itself) to 1 (units rise and fall together): the correlation of the normal
        variables that become the gamma draws. It needs ``fano`` above 1.
    quantity : str
        A key of ``QUANTITIES``: "counts" (default) or "rates".
    rng : int or Generator, optional
        Source of the draws. Each stimulus has a stream of its own, from the seed and its label: any part of the
        stimuli gives the same counts as when all are drawn (with ``scale="none"``, for other scales depend on what
        is there), and how much is drawn at once changes nothing. Other units, or another order of them, do.

    Returns
    -------
    DataArray (stimulus, unit, repeat[, time])
        With the coordinates of the responses; attributes say what was done, the seed included.

    Raises
    ------
    ValueError
        If responses can't be scaled (see :func:`firing_rates`), numbers make no counts, or ``fano`` is below 1.

    References
    ----------
    .. [1] Goris, Movshon & Simoncelli (2014), Nat. Neurosci. 17, 858-865. There the gain varies alike at all rates;
       here so that the Fano factor does not hang on the rate.
    .. [2] Macke, Berens, Ecker, Tolias & Bethge (2009), Neural Comput. 21, 397-423: spikes that correlate because
       normal variables behind them do.

    Examples
    --------
    >>> table = xr.DataArray([[0.0], [2.0]], dims=("stimulus", "unit"),
    ...     coords={"stimulus": [0, 1], "unit": ["cell"], "contrast": ("stimulus", [0.0, 1.0])})
    >>> counts = spikes(table, duration=0.5, repeats=2000)
    >>> counts.dims, counts.mean("repeat").values.ravel().round(1)
    (('stimulus', 'unit', 'repeat'), array([ 0.4, 16.9]))
    """
    chosen(QUANTITIES, quantity, "quantity")
    line = scale_of(responses, maximum=maximum, spontaneous=spontaneous, scale=scale, rectify=rectify)
    _check(repeats=repeats, fano=fano, shared=shared)
    table = responses.transpose("stimulus", "unit", ...)
    duration = _duration(table, duration)
    seed = seed_of(rng)
    seconds = duration / table.sizes.get("time", 1)
    drawn = np.empty((*table.shape[:2], repeats, *table.shape[2:]), np.int32 if quantity == "counts" else np.float32)
    labels = table["stimulus"].values.tolist()
    for rows, values in blocks(table):
        for row, rates in enumerate(line.rates(values), start=rows.start):
            counts = _drawn(rates * seconds, repeats, fano, shared, _stream(seed, labels[row]))
            drawn[row] = counts if quantity == "counts" else counts / seconds
    told = {"scale": scale, "repeats": repeats, "duration": duration, "fano": float(fano), "shared": float(shared)}
    if scale != "none":
        told |= {"maximum": maximum, "spontaneous": "none" if spontaneous is None else spontaneous}
    units = "spikes" if quantity == "counts" else "spikes/s"
    return xr.DataArray(
        drawn,
        dims=("stimulus", "unit", "repeat", *table.dims[2:]),
        coords={**table.coords, "repeat": np.arange(repeats)},
        name="spikes",
        attrs={**table.attrs, **told, "seed": str(seed), "units": units, "rectified": 1},
    )


def spike_times(counts: xr.DataArray, unit: object, *, rng: int | np.random.Generator | None = 0) -> pd.DataFrame:
    """When the counted spikes of a unit came: evenly spread over the presentation, or over each bin of time.

    Given their number, the spikes of a Poisson process (also of one whose rate was drawn for each presentation) fall
    anywhere with the same chance, and so they are drawn; there is no refractory period.

    Parameters
    ----------
    counts : DataArray (stimulus, unit, repeat[, time])
        From :func:`spikes`.
    unit : label
        Whose.
    rng : int or Generator, optional
        Source of the times; each unit has a stream of its own.

    Returns
    -------
    DataFrame
        A row a spike: ``stimulus``, ``repeat`` and ``time``, seconds from the onset; in rising order within each
        presentation.

    Raises
    ------
    ValueError
        If these are no counts, they do not say over how many seconds, or there is no such unit.

    Examples
    --------
    >>> table = xr.DataArray([[0.0], [2.0]], dims=("stimulus", "unit"),
    ...     coords={"stimulus": [0, 1], "unit": ["cell"], "contrast": ("stimulus", [0.0, 1.0])})
    >>> counts = spikes(table, duration=0.5, repeats=3)
    >>> times = spike_times(counts, "cell")
    >>> len(times) == int(counts.sum()), bool(times.time.between(0, 0.5).all())
    (True, True)
    """
    check_responses(counts)
    if "repeat" not in counts.dims or counts.dtype.kind not in "iu" or "duration" not in counts.attrs:
        raise ValueError(
            "spike times are drawn for whole counts with repeats and attrs['duration'], as spikes(…) gives them; "
            f"these are {counts.dtype} along {', '.join(map(str, counts.dims))}"
        )
    if unit not in counts.indexes["unit"]:
        raise ValueError(f"no unit {unit!r}; there are {', '.join(map(str, counts['unit'].values[:5]))}, …")
    own = counts.sel(unit=unit).transpose("stimulus", "repeat", ...)
    values = own.values.reshape(own.sizes["stimulus"], own.sizes["repeat"], -1)
    seed = seed_of(rng)
    stimulus, repeat, bins = (np.repeat(index.ravel(), values.ravel()) for index in np.indices(values.shape))
    seconds = float(counts.attrs["duration"]) / values.shape[2]
    times = (bins + _stream(seed, str(unit)).random(len(bins))) * seconds
    order = np.lexsort((times, repeat, stimulus))
    columns = {"stimulus": own["stimulus"].values[stimulus], "repeat": own["repeat"].values[repeat], "time": times}
    return pd.DataFrame({name: column[order] for name, column in columns.items()})


def seed_of(rng: int | np.random.Generator | None) -> int:
    """A seed: the number given, or one drawn from the generator (None: from the computer)."""
    return int(rng) if isinstance(rng, (int, np.integer)) else int(np.random.default_rng(rng).integers(2**63))


def _check(*, repeats: int, fano: float, shared: float) -> None:
    """Refuse numbers that make no counts."""
    if repeats < 1:
        raise ValueError(f"{repeats} repeats: give 1 or more")
    if not 1 <= fano < np.inf:
        raise ValueError(
            f"fano={fano}: spikes more regular than a Poisson process are not drawn here; give 1 or more, "
            "or take the rates without noise from firing_rates"
        )
    if not 0 <= shared <= 1 or (shared and fano == 1):
        raise ValueError(
            f"shared={shared} at fano={fano}: what units share, from 0 to 1, is the noise beyond Poisson; "
            "give a fano above 1"
        )


def _duration(table: xr.DataArray, duration: float | None) -> float:
    """Seconds of a presentation."""
    if "time" in table.dims:
        steps = np.diff(table["time"].values.astype(float))
        if len(steps) and not (steps[0] > 0 and np.allclose(steps, steps[0], rtol=1e-3)):
            raise ValueError("time is not evenly spaced in rising order; interpolate it, or average over it first")
        if duration is None and not len(steps):
            raise ValueError("a single point of time says nothing of its duration: give duration in seconds")
        duration = float(steps.mean() * table.sizes["time"]) if duration is None else duration
    duration = 1.0 if duration is None else float(duration)
    if not 0 < duration < np.inf:
        raise ValueError(f"duration={duration}: give the seconds that spikes are counted for, above 0")
    return duration


def _stream(seed: int, label: object) -> np.random.Generator:
    """Random numbers that hang on nothing but a seed and a label."""
    return np.random.default_rng(np.random.SeedSequence((seed, int(content_hash(label), 16))))


def _drawn(mean: np.ndarray, repeats: int, fano: float, shared: float, stream: np.random.Generator) -> np.ndarray:
    """Counts (unit, repeat[, time]) around means (unit[, time])."""
    total = mean.reshape(len(mean), -1).sum(axis=1)
    if total.max(initial=0) > _MOST:
        raise ValueError(f"{total.max():.3g} spikes in a presentation: are these responses spikes/s? Choose a scale")
    gain = _gains(total, repeats, fano, shared, stream)
    if mean.ndim == 1:
        return stream.poisson(gain * mean[:, None])
    return stream.poisson(gain[:, :, None] * mean[:, None, :])


def _gains(total: np.ndarray, repeats: int, fano: float, shared: float, stream: np.random.Generator) -> np.ndarray:
    """What the rates of each unit (unit, repeat) are multiplied by: of mean 1, so that counts have the Fano factor."""
    shape = np.broadcast_to((total / (fano - 1))[:, None] if fano > 1 else 1.0, (len(total), repeats))
    if fano == 1:
        return np.ones(shape.shape)
    if shared:
        common, own = stream.standard_normal((1, repeats)), stream.standard_normal(shape.shape)
        level = scipy.special.ndtr(np.sqrt(shared) * common + np.sqrt(1 - shared) * own)
        drawn = scipy.special.gammaincinv(np.maximum(shape, 1e-12), level)
    else:
        drawn = stream.standard_gamma(shape)
    return np.divide(drawn, shape, out=np.zeros(shape.shape), where=shape > 0)
