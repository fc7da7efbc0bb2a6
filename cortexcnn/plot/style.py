"""One look for all figures: colours that colour-blind readers tell apart, sizes that survive print, named units."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

__all__ = ["COLOURS", "axis_label", "depth_colours", "figure", "on", "save", "style"]

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#F0E442")
"""The colours of Okabe & Ito (2008), darkest contrasts first."""

_UNITS = {
    "orientation": "orientation (°)",
    "direction": "direction of motion (°)",
    "phase": "phase (°)",
    "spatial_frequency": "spatial frequency (cycles/°)",
    "peak_spatial_frequency": "peak spatial frequency (cycles/°)",
    "spatial_frequency_bandwidth": "spatial-frequency bandwidth (octaves)",
    "preferred_orientation": "preferred orientation (°)",
    "orientation_bandwidth": "orientation bandwidth, half width at 1/√2 (°)",
    "orthogonal_preferred_ratio": "orthogonal / preferred",
    "circular_variance_over_orientation_bandwidth": "circular variance / bandwidth (1/°)",
    "orthogonal_preferred_ratio_minus_circular_variance": "orthogonal / preferred − circular variance",
    "spatial_frequency_bandwidth_ratio": "100 · low / high cut at 1/√2",
    "modulation_ratio": "modulation ratio F1/F0",
    "maximum": "maximum (spikes/s)",
    "grating_summation_field": "grating summation field (°)",
    "surround_diameter": "surround diameter (°)",
    "size": "diameter (°)",
    "n_x": "n_x, width across the stripes (periods)",
    "n_y": "n_y, length along the stripes (periods)",
    "time": "time (s)",
    "contrast": "Michelson contrast",
}

_STYLE: Any = {
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.labelsize": 8,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 7,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.7,
    "lines.linewidth": 1.3,
    "svg.fonttype": "none",
    "svg.hashsalt": "cortexcnn",
    "pdf.fonttype": 42,
    "savefig.dpi": 200,
    "savefig.bbox": "tight",
    "savefig.pad_inches": 0.06,
    "axes.prop_cycle": plt.cycler(color=COLOURS),
}

_UNDATED: Any = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
"""No dates in files: a figure that is drawn again is the same file."""


@contextmanager
def style() -> Iterator[None]:
    """Our settings of matplotlib for the length of a ``with`` block, or of a function that it decorates."""
    with mpl.rc_context(_STYLE):
        yield


def figure(
    rows: int = 1, columns: int = 1, *, width: float = 3.4, height: float = 2.6, polar: bool = False
) -> tuple[Figure, Any]:
    """Make a figure of our style with a grid of axes.

    Parameters
    ----------
    rows, columns : int
        Axes in the grid.
    width, height : float
        Inches for each of them.
    polar : bool
        Whether the axes are polar.

    Returns
    -------
    Figure, Axes or ndarray of Axes
        As ``matplotlib.pyplot.subplots`` returns them.

    Examples
    --------
    >>> drawn, axes = figure(2, 3)
    >>> axes.shape
    (2, 3)
    >>> import matplotlib.pyplot as plt
    >>> plt.close(drawn)
    """
    with style():
        return plt.subplots(
            rows,
            columns,
            figsize=(width * columns, height * rows),
            layout="constrained",
            subplot_kw={"projection": "polar"} if polar else None,
        )


def save(drawn: Figure, path: str | Path, *, formats: Iterable[str] = ("png", "svg")) -> list[Path]:
    """Write a figure in each format, beside each other, and close it.

    Parameters
    ----------
    drawn : Figure
        What to write.
    path : path
        File name; its suffix is replaced by each format.
    formats : iterable of str
        Any of matplotlib's: png, svg, pdf, ….

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    ValueError
        If matplotlib does not know a format.

    Examples
    --------
    >>> import tempfile
    >>> drawn, axes = figure()
    >>> [file.name for file in save(drawn, tempfile.mkdtemp() + "/curve.png")]
    ['curve.png', 'curve.svg']
    """
    known = drawn.canvas.get_supported_filetypes()
    unknown = [name for name in formats if name not in known]
    if unknown:
        raise ValueError(f"no figure format {', '.join(unknown)}; there are {', '.join(known)}")
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    written = []
    with style():
        for name in formats:
            file = path.with_name(f"{path.stem if path.suffix.lstrip('.') in known else path.name}.{name}")
            drawn.savefig(file, metadata=_UNDATED.get(name))
            written.append(file)
    plt.close(drawn)
    return written


def depth_colours(layers: int) -> list[tuple[float, ...]]:
    """A colour for each layer, from dark for the first to light for the last, also in black and white.

    Examples
    --------
    >>> len(depth_colours(5))
    5
    """
    return [mpl.colormaps["viridis"](place) for place in np.linspace(0, 0.85, layers)]


def on(ax: Axes | None, *, polar: bool = False) -> Axes:
    """The axes that were given, or new ones."""
    return figure(polar=polar)[1] if ax is None else ax


def axis_label(name: str) -> str:
    """What an axis of a parameter or measure says, with its unit."""
    return _UNITS.get(name, name.replace("_", " "))
