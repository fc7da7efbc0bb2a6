"""Gratings as sums of two: what is linear need be worked out for two phases, for all phases and contrasts.

``sin(2πfu + φ) = cos φ · sin(2πfu) + sin φ · cos(2πfu)``. So a grating or Gabor of any phase φ and contrast c differs
from grey by c cos φ times what the one of phase 0 and full contrast differs by, and c sin φ times the one of phase 90.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from cortexcnn.arrays import is_blank

__all__ = ["Waves", "waves"]

_KINDS = ("grating", "gabor")
_QUARTER = 90.0
_ROUNDING = 1e-12


@dataclass(frozen=True)
class Waves:
    """A table of gratings, and the pictures that they are sums of.

    Parameters
    ----------
    basis : Dataset (stimulus)
        Phases 0 and 90 of each group of gratings that differ in phase and contrast alone, and a blank as the last row.
    group : ndarray (stimulus) of int
        Which group each grating belongs to; −1 for a blank.
    parts : ndarray (stimulus, 2)
        How much it has of phase 0 and of phase 90; 0 where that is rounding.
    """

    basis: xr.Dataset
    group: np.ndarray
    parts: np.ndarray

    def mix(self, rows: slice | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What some gratings are sums of.

        Parameters
        ----------
        rows : slice or ndarray of int
            Gratings.

        Returns
        -------
        rows : ndarray (picture)
            Of the basis, the blank as the last.
        weights : ndarray (grating, picture)
            Each row sums to 1.
        """
        group, parts = self.group[rows], self.parts[rows]
        here, place = np.unique(group, return_inverse=True)
        if blank := bool(len(here) and here[0] == -1):
            here, place = here[1:], place - 1
        weights = np.zeros((len(group), 2 * len(here) + 1))
        shown = np.flatnonzero(place >= 0) if blank else np.arange(len(group))
        for k in (0, 1):
            weights[shown, 2 * place[shown] + k] = parts[shown, k]
        weights[:, -1] = 1 - weights[:, :-1].sum(1)
        pictures = np.append(np.stack([2 * here, 2 * here + 1], axis=1).ravel(), self.basis.sizes["stimulus"] - 1)
        used = np.append(weights[:, :-1].any(0), True)
        return pictures[used], weights[:, used]


def waves(stimuli: xr.Dataset) -> Waves | None:
    """The pictures of which a table of gratings are sums.

    Parameters
    ----------
    stimuli : Dataset (stimulus)
        Any table.

    Returns
    -------
    Waves or None
        None for other kinds, for square waves, and where it would save little: fewer than 3 gratings for 2 pictures.

    Examples
    --------
    >>> from cortexcnn.stimuli import sweep
    >>> made = waves(sweep("grating", orientation=[0, 90], phase=range(0, 360, 45), contrast=[0.5, 1]))
    >>> made.basis.sizes["stimulus"], made.basis.phase.values[:4]
    (5, array([ 0., 90.,  0., 90.]))
    """
    if stimuli.attrs.get("kind") not in _KINDS or (stimuli.get("waveform", xr.DataArray("sine")) == "square").any():
        return None
    blank = is_blank(stimuli).values
    others = [name for name in stimuli.data_vars if name not in ("phase", "contrast")]
    shown = stimuli.isel(stimulus=np.flatnonzero(~blank))
    if not shown.sizes["stimulus"]:
        return None
    keys = pd.DataFrame({name: shown[name].values for name in others})
    number = keys.groupby(others, sort=False, dropna=False).ngroup().to_numpy()
    _, first = np.unique(number, return_index=True)
    group = np.full(len(blank), -1)
    group[~blank] = number
    phase = np.deg2rad(stimuli["phase"].values[:, None] - [0, _QUARTER])
    parts = np.where(blank[:, None], 0, stimuli["contrast"].values[:, None] * np.cos(phase))
    parts[np.abs(parts) < _ROUNDING] = 0
    used = np.zeros((len(first), 2), bool)
    np.logical_or.at(used, number, parts[~blank] != 0)
    if 3 * used.sum() > 2 * len(number):
        return None
    return Waves(_basis(shown.isel(stimulus=first)), group, parts)


def _basis(some: xr.Dataset) -> xr.Dataset:
    """Both phases of each grating, at full contrast, and a blank."""
    rows = np.append(np.repeat(np.arange(some.sizes["stimulus"]), 2), 0)
    phase, contrast = np.resize([0.0, _QUARTER], len(rows)), np.ones(len(rows))
    contrast[-1] = 0
    table = some.isel(stimulus=rows)
    table = table.assign(phase=("stimulus", phase), contrast=("stimulus", contrast))
    return table.assign_coords(stimulus=np.arange(len(rows)))
