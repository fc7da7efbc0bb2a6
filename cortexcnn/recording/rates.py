"""From what a unit of a network gives, which has no scale, to spikes per second.

An activation of 3 means nothing to a neurophysiologist, and noise can't be added before it means something. So the
units of a layer are put on the scale of V1: the median unit reaches 33.8 spikes/s and fires .82 without a stimulus.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import xarray as xr

from cortexcnn.arrays import check_responses, is_blank
from cortexcnn.choices import chosen

__all__ = ["SCALES", "Scale", "blocks", "firing_rates", "scale_of"]

SCALES = {
    "layer": "the units of each layer (or area) alike: the medians over those that answer become the given rates",
    "all": "all units alike",
    "unit": "each unit by itself: its own maximum and its own response to the blank become the given rates",
    "none": "responses are spikes/s already",
}
"""How responses become spikes/s."""

_BLOCK = 2**22  # responses in float64 at once


@dataclass(frozen=True)
class Scale:
    """Of each unit: rate = gain · response + offset, never below 0; responses below 0 count as 0 before."""

    gain: np.ndarray  # (unit)
    offset: np.ndarray  # (unit)

    def rates(self, values: np.ndarray) -> np.ndarray:
        """Spikes/s, from responses (stimulus, unit[, time])."""
        shape = (-1,) + (1,) * (values.ndim - 2)
        lifted = np.maximum(values, 0) * self.gain.reshape(shape) + self.offset.reshape(shape)
        return np.maximum(lifted, 0, out=lifted)


def firing_rates(
    responses: xr.DataArray,
    *,
    maximum: float = 33.8,
    spontaneous: float | None = 0.82,
    scale: str = "layer",
    rectify: bool = True,
) -> xr.DataArray:
    """Responses as spikes/s, on the scale of V1 [1]_.

    Responses are rectified, then stretched and shifted so that the largest mean response (over time, where there is
    time) and the response to the blank become the given rates, then rectified again.

    Parameters
    ----------
    responses : DataArray (stimulus, unit[, time])
        Responses without repeats. Blanks are the rows of contrast 0; without any, the coordinate ``spontaneous`` along
        ``unit`` is the response to the blank.
    maximum : float
        Spikes/s of the largest response to a stimulus.
    spontaneous : float, optional
        Spikes/s without a stimulus. None asks for no blank: a response of 0 is then a rate of 0.
    scale : str
        A key of ``SCALES``: "layer" (default), "all", "unit" or "none". Medians are over units that exceed the blank.
        For a scale of your own, take "none" and ``gain * responses + offset``.
    rectify : bool
        False refuses responses below 0 instead of taking them as 0.

    Returns
    -------
    DataArray (stimulus, unit[, time])
        Spikes/s in float32; the attributes say what was done. By "unit", a unit that never exceeds the blank fires at
        the spontaneous rate throughout.

    Raises
    ------
    ValueError
        If responses have repeats, are not finite, are below 0 and not to be rectified; if there is no blank, or
        no unit of a layer exceeds it; or the rates make no scale.

    References
    ----------
    .. [1] Marques, Schrimpf & DiCarlo (2021), bioRxiv 2021.03.01.433495.

    Examples
    --------
    >>> table = xr.DataArray([[0.1], [2.1], [-3.0]], dims=("stimulus", "unit"),
    ...     coords={"stimulus": [0, 1, 2], "unit": ["cell"], "contrast": ("stimulus", [0.0, 1.0, 1.0])})
    >>> firing_rates(table).values.ravel()
    array([ 0.82, 33.8 ,  0.  ], dtype=float32)
    """
    line = scale_of(responses, maximum=maximum, spontaneous=spontaneous, scale=scale, rectify=rectify)
    table = responses.transpose("stimulus", "unit", ...)
    rates = np.empty(table.shape, np.float32)
    for rows, values in blocks(table):
        rates[rows] = line.rates(values)
    return table.copy(data=rates).assign_attrs(_told(maximum, spontaneous, scale), units="spikes/s", rectified=1)


def scale_of(responses: xr.DataArray, *, maximum: float, spontaneous: float | None, scale: str, rectify: bool) -> Scale:
    """The gain and offset of each unit, from one sweep through the responses; refuses what ``firing_rates`` does."""
    check_responses(responses)
    chosen(SCALES, scale, "scale")
    if "repeat" in responses.dims:
        raise ValueError('these responses have repeats already; average them first: responses.mean("repeat")')
    if scale != "none" and not 0 <= (spontaneous or 0) < maximum < np.inf:
        raise ValueError(f"rates of maximum={maximum}, spontaneous={spontaneous}: give 0 <= spontaneous < maximum")
    highest, shown_blank = _levels(responses, rectify=rectify)
    if scale == "none":
        return Scale(np.ones(len(highest)), np.zeros(len(highest)))
    blank = np.zeros(len(highest)) if spontaneous is None else _blank(responses, shown_blank)
    if np.isnan(highest).all():
        raise ValueError("there are only blanks among these stimuli: no response to scale by")
    peak, floor = _references(responses, highest, blank, scale)
    with np.errstate(divide="ignore", invalid="ignore"):
        gain = np.where(peak > floor, (maximum - (spontaneous or 0)) / (peak - floor), 0)
    return Scale(gain, (spontaneous or 0) - gain * floor)


def blocks(table: xr.DataArray) -> Iterator[tuple[slice, np.ndarray]]:
    """The responses (stimulus, unit[, time]) in float64, as many stimuli at once as are 32 MB or less."""
    step = max(1, _BLOCK // max(1, int(np.prod(table.shape[1:]))))
    for first in range(0, table.sizes["stimulus"], step):
        rows = slice(first, min(first + step, table.sizes["stimulus"]))
        yield rows, table.isel(stimulus=rows).values.astype(float)


def _told(maximum: float, spontaneous: float | None, scale: str) -> dict[str, float | str]:
    """What goes into the attributes; no rates where none were asked for."""
    if scale == "none":
        return {"scale": scale}
    return {"scale": scale, "maximum": maximum, "spontaneous": "none" if spontaneous is None else spontaneous}


def _levels(responses: xr.DataArray, *, rectify: bool) -> tuple[np.ndarray, np.ndarray]:
    """Of each unit, the largest response to a stimulus and the mean response to blanks; NaN where there are none."""
    table = responses.transpose("stimulus", "unit", ...)
    blank = is_blank(table).values
    highest, total = np.full(table.sizes["unit"], np.nan), np.zeros(table.sizes["unit"])
    for rows, values in blocks(table):
        _refuse(values, table["unit"].values, rectify=rectify)
        lifted = np.maximum(values, 0).reshape(*values.shape[:2], -1).mean(axis=2)
        grey = blank[rows]
        highest = np.fmax(highest, np.fmax.reduce(lifted[~grey], axis=0, initial=np.nan))
        total += lifted[grey].sum(axis=0)
    return highest, total / blank.sum() if blank.any() else np.full_like(total, np.nan)


def _refuse(values: np.ndarray, units: np.ndarray, *, rectify: bool) -> None:
    """Refuse what is no rate, naming the first unit."""
    bad = ~np.isfinite(values)
    if bad.any():
        unit = units[np.nonzero(bad)[1][0]]
        raise ValueError(
            f"{bad.sum()} or more responses are NaN or infinite, first of unit {unit}: nothing can be drawn from them; "
            'leave such units out, e.g. by responses.dropna("unit")'
        )
    if not rectify and (values < 0).any():
        unit = units[np.nonzero(values < 0)[1][0]]
        raise ValueError(
            f"responses go down to {values.min():.3g}, first those of unit {unit}: there are no negative rates; "
            "say rectify=True, or add an offset"
        )


def _blank(responses: xr.DataArray, shown: np.ndarray) -> np.ndarray:
    """What each unit does without a stimulus."""
    if not np.isnan(shown).any():
        return shown
    if "spontaneous" in responses.coords and responses["spontaneous"].dims == ("unit",):
        return responses["spontaneous"].values.astype(float)
    raise ValueError(
        "there is no blank among these stimuli, so nothing tells what the spontaneous rate belongs to: record one "
        "(sweep(…, blank=True)), or say spontaneous=None, which makes a response of 0 a rate of 0"
    )


def _references(
    responses: xr.DataArray, highest: np.ndarray, blank: np.ndarray, scale: str
) -> tuple[np.ndarray, np.ndarray]:
    """Of each unit, the two responses that become the given rates."""
    if scale == "unit":
        return highest, blank
    name = next((name for name in ("layer", "area") if scale == "layer" and name in responses.coords), None)
    label = np.zeros(len(highest), int) if name is None else np.unique(responses[name].values, return_inverse=True)[1]
    label = np.broadcast_to(label.ravel(), highest.shape)
    peak, floor = np.empty_like(highest), np.empty_like(highest)
    for one in np.unique(label):
        members = label == one
        answering = members & (highest > blank)
        if not answering.any():
            where = "these responses" if name is None else f"{name} {responses[name].values[members.argmax()]}"
            raise ValueError(f"no unit of {where} exceeds its response to the blank: nothing to scale by; leave it out")
        peak[members], floor[members] = np.median(highest[answering]), np.median(blank[answering])
    return peak, floor
