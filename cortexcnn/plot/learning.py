"""How training went: curves over epochs, and which classes a network takes for which."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from cortexcnn.plot.style import COLOURS, on, style

__all__ = ["confusion", "learning_curve"]


@style()
def learning_curve(history: xr.Dataset, *, measure: str = "accuracy", ax: Axes | None = None) -> Axes:
    """Draw a measure over epochs, of the training images and of the validation images.

    Parameters
    ----------
    history : Dataset (epoch)
        As :func:`cortexcnn.training.train` returns it, with ``train_…`` and ``validation_…`` of the measure. Where
        its attribute ``best_epoch`` is not the last, a line marks it.
    measure : str
        ``accuracy`` or ``loss``.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If the history has no such measure.

    Examples
    --------
    >>> history = xr.Dataset({"train_loss": ("epoch", [2.0, 1.0]), "validation_loss": ("epoch", [2.1, 1.4])},
    ...     {"epoch": [1, 2]})
    >>> [line.get_label() for line in learning_curve(history, measure="loss").lines]
    ['training images', 'validation images']
    >>> import matplotlib.pyplot as plt; plt.close("all")
    """
    parts = {part: f"{part}_{measure}" for part in ("train", "validation")}
    if parts["train"] not in history:
        known = sorted(str(name).removeprefix("train_") for name in history if str(name).startswith("train_"))
        raise ValueError(f"the history has no {parts['train']}; measures are {', '.join(known) or 'none'}")
    axes = on(ax)
    epochs = history["epoch"].values
    for (part, name), colour in zip(parts.items(), COLOURS, strict=False):
        if name in history and history[name].notnull().any():
            label = "training images" if part == "train" else "validation images"
            axes.plot(epochs, history[name].values, color=colour, marker="o" if len(epochs) < 3 else "", label=label)
    best = history.attrs.get("best_epoch", epochs[-1])
    if best != epochs[-1]:
        axes.axvline(best, color="0.5", linewidth=0.8, linestyle="--", label=f"weights kept (epoch {best})")
    axes.locator_params(axis="x", integer=True)
    axes.set_xlabel("epoch")
    axes.set_ylabel(f"{measure} (cross-entropy, nats)" if measure == "loss" else measure)
    axes.legend()
    return axes


@style()
def confusion(matrix: xr.DataArray, *, ax: Axes | None = None) -> Axes:
    """Draw which classes are taken for which: each row is a class, its colours the shares of the names it is given.

    Parameters
    ----------
    matrix : DataArray (actual, predicted)
        Counts of images.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If the dimensions are others.

    Examples
    --------
    >>> names = ["bar", "edge"]
    >>> ax = confusion(xr.DataArray([[8, 2], [0, 10]], {"actual": names, "predicted": names}))
    >>> [text.get_text() for text in ax.texts]
    ['80', '20', '100']
    >>> import matplotlib.pyplot as plt; plt.close(ax.figure)
    """
    if set(matrix.dims) != {"actual", "predicted"}:
        raise ValueError(f"a confusion matrix has actual and predicted as dimensions; this one has {matrix.dims}")
    matrix = matrix.transpose("actual", "predicted")
    axes = on(ax)
    counts = matrix.values.astype(float)
    there = counts.sum(1, keepdims=True)
    shares = np.divide(100 * counts, there, out=np.full_like(counts, np.nan), where=there > 0)
    colours = mpl.colormaps["cividis"].with_extremes(bad="0.8")
    picture = axes.imshow(shares, cmap=colours, vmin=0, vmax=100, interpolation="nearest")
    axes.figure.colorbar(picture, ax=axes, shrink=0.8, pad=0.02).set_label("share of the class (%)")
    axes.set_xlabel("named by the network")
    axes.set_ylabel("actual class")
    if len(counts) <= 25:
        axes.set_xticks(range(len(counts)), matrix["predicted"].values, rotation=45, ha="right", rotation_mode="anchor")
        axes.set_yticks(range(len(counts)), matrix["actual"].values)
    if len(counts) <= 12:
        for (row, column), share in np.ndenumerate(shares):
            if share >= 0.5:
                ink = "black" if share > 60 else "white"
                axes.text(column, row, f"{share:.0f}", ha="center", va="center", fontsize=6, color=ink)
    return axes
