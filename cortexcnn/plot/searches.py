"""A search of hyper-parameters: how far it has come, and what each choice has to do with it."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

from cortexcnn.plot.style import COLOURS, axis_label, on, style

__all__ = ["search_choice", "search_history"]

_ACCURACY = "validation_accuracy"


@style()
def search_history(trials: xr.Dataset, *, ax: Axes | None = None) -> Axes:
    """Draw the accuracy of each trial, and the best so far.

    Parameters
    ----------
    trials : Dataset (trial)
        As :func:`cortexcnn.training.search` returns it: ``validation_accuracy`` and ``state``.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If it is no table of trials.

    Examples
    --------
    >>> trials = xr.Dataset({"validation_accuracy": ("trial", [0.4, 0.7, 0.5]),
    ...     "state": ("trial", ["complete", "complete", "pruned"])}, {"trial": [0, 1, 2]})
    >>> search_history(trials).lines[0].get_ydata().tolist()
    [0.4, 0.7, 0.7]
    >>> import matplotlib.pyplot as plt; plt.close("all")
    """
    accuracy, complete = _checked(trials)
    axes = on(ax)
    best = np.fmax.accumulate(np.where(complete, accuracy, np.nan))
    axes.plot(trials["trial"].values, best, color="black", drawstyle="steps-post", linewidth=1, label="best so far")
    _dots(axes, trials["trial"].values, accuracy, complete)
    axes.set_xlabel("trial")
    axes.locator_params(axis="x", integer=True)
    axes.legend(loc="best")
    return axes


@style()
def search_choice(trials: xr.Dataset, name: str, *, ax: Axes | None = None) -> Axes:
    """Draw the accuracy of each trial against one of the things that were chosen.

    Parameters
    ----------
    trials : Dataset (trial)
        As of :func:`search_history`.
    name : str
        What was chosen: numbers are drawn to scale, on a logarithmic axis where they were drawn so (attribute
        ``scale``); words side by side.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If nothing of that name was chosen.

    Examples
    --------
    >>> rate = ("trial", [0.001, 0.1], {"scale": "log"})
    >>> trials = xr.Dataset({"validation_accuracy": ("trial", [0.4, 0.7]), "rate": rate,
    ...     "state": ("trial", ["complete", "pruned"])}, {"trial": [0, 1]})
    >>> search_choice(trials, "rate").get_xscale()
    'log'
    >>> import matplotlib.pyplot as plt; plt.close("all")
    """
    accuracy, complete = _checked(trials)
    if name not in trials:
        raise ValueError(f"nothing named {name!r} was chosen; there are {', '.join(map(str, trials))}")
    axes = on(ax)
    chosen = trials[name].values
    if np.issubdtype(chosen.dtype, np.number):
        if trials[name].attrs.get("scale") == "log":
            axes.set_xscale("log")
            axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if chosen.max() < 40 * chosen.min() else (1,)))
            axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
            axes.xaxis.set_minor_formatter(NullFormatter())
        elif np.all(chosen == np.round(chosen)):
            axes.locator_params(axis="x", integer=True)
    else:
        words = sorted(set(map(str, chosen)))
        axes.set_xticks(range(len(words)), words)
        chosen = np.array([words.index(str(word)) for word in chosen])
    _dots(axes, chosen, accuracy, complete)
    axes.set_xlabel(axis_label(name))
    return axes


def _checked(trials: xr.Dataset) -> tuple[np.ndarray, np.ndarray]:
    """The accuracies, and which trials came to their end."""
    missing = [name for name in (_ACCURACY, "state") if name not in trials]
    if missing:
        raise ValueError(f"a table of trials has {_ACCURACY} and state; this one lacks {' and '.join(missing)}")
    return trials[_ACCURACY].values, trials["state"].values == "complete"


def _dots(axes: Axes, x: np.ndarray, accuracy: np.ndarray, complete: np.ndarray) -> None:
    """Trials that were stopped early are hollow: their accuracy is that of fewer epochs."""
    axes.scatter(x[complete], accuracy[complete], s=14, color=COLOURS[0], label="to the end", zorder=3)
    stopped = ~complete & np.isfinite(accuracy)
    axes.scatter(x[stopped], accuracy[stopped], s=14, facecolors="none", edgecolors="0.5", label="stopped early")
    axes.set_ylabel("validation accuracy")
