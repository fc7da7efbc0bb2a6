"""From rows of a table to luminance: any rows, any window of the screen, on any device, and the guards before that."""

from __future__ import annotations

import numpy as np
import torch
import xarray as xr

from cortexcnn.screen import Screen, Window
from cortexcnn.stimuli.canvas import GREY, Canvas, Rows, split
from cortexcnn.stimuli.kinds import Kind
from cortexcnn.stimuli.noise import too_fine
from cortexcnn.stimuli.sweep import check_rows, rows_of, times

__all__ = ["check_drawable", "render"]

_CHUNK = 2**23  # pixels drawn at once: what is worked out on the way stays within some hundred megabytes


def render(
    stimuli: xr.Dataset,
    screen: Screen,
    *,
    rows: slice | np.ndarray | list[int] | None = None,
    window: Window | None = None,
    device: torch.device | str | None = None,
    dtype: torch.dtype = torch.float32,
    out: torch.Tensor | None = None,
) -> torch.Tensor:
    """Draw stimuli as luminance.

    Parameters
    ----------
    stimuli : Dataset (stimulus)
        A table of stimuli.
    screen : Screen
        Degrees and pixels.
    rows : slice or array of int, optional
        Positions along stimulus; all of them by default.
    window : Window, optional
        The part of the screen, in pixels; the whole screen by default. What is drawn there is exactly what the whole
        screen would show there.
    device : torch.device or str, optional
        Where to draw; that of ``out``, else the processor.
    dtype : torch.dtype
        Of the luminance; the work is done in float64 for float64, else in float32.
    out : Tensor, optional
        A buffer of the right shape to be filled, so that none is made anew for each batch.

    Returns
    -------
    Tensor (row, channel, y, x), or (row, time, channel, y, x) for what moves
        Luminance 0 to 1, grey .5, the top row first. One channel; three for tables of colour photographs.

    Raises
    ------
    ValueError
        If a parameter is not allowed, a frequency is beyond the Nyquist limit, or rows, window or buffer don't fit.

    Examples
    --------
    >>> from cortexcnn.stimuli import sweep
    >>> bars = sweep("bar", orientation=[0, 90], width=1, length=2)
    >>> picture = render(bars, Screen(degrees=4, pixels=4))
    >>> picture.shape
    torch.Size([2, 1, 4, 4])
    >>> picture[0, 0]
    tensor([[0.5000, 0.5000, 0.5000, 0.5000],
            [0.5000, 0.7500, 0.7500, 0.5000],
            [0.5000, 0.7500, 0.7500, 0.5000],
            [0.5000, 0.5000, 0.5000, 0.5000]])
    """
    kind, table = rows_of(stimuli)
    positions = _positions(rows, stimuli.sizes["stimulus"])
    table = {name: values[positions] for name, values in table.items()}
    _guard(stimuli.attrs["kind"], table, stimuli["stimulus"].values[positions], screen)
    window = window or screen.whole
    screen.centres(window)  # refuses a window that reaches beyond the screen
    frames = times(stimuli)
    moving = () if frames is None else (len(frames),)
    shape = (len(positions), *moving, int(stimuli.attrs.get("channels", 1)), *window.shape)
    if frames is not None:
        table = {name: np.repeat(values, len(frames)) for name, values in table.items()}
        table["time"] = np.tile(frames, len(positions))
    out = _buffer(shape, device, dtype, out)
    working = torch.float64 if out.dtype == torch.float64 else torch.float32
    canvas = Canvas(screen, window, out.device, working)
    _draw(kind, table, canvas, out.view(-1, *shape[-3:]))
    return out


def check_drawable(stimuli: xr.Dataset, screen: Screen) -> xr.Dataset:
    """Refuse stimuli that a screen cannot show, and flag those that it shows badly.

    Parameters
    ----------
    stimuli : Dataset (stimulus)
        A table of stimuli.
    screen : Screen
        Degrees and pixels.

    Returns
    -------
    Dataset (stimulus) of bool
        ``aliasing_risk``: a spatial frequency above half the Nyquist limit, or a bar or gabor narrower than a
        pixel. ``off_screen``: nothing of it is on the screen. Nothing warns: a caller says what it makes of them.

    Raises
    ------
    ValueError
        If a spatial frequency is beyond the Nyquist limit of the pixels, a temporal frequency beyond that of the
        frames, a luminance would leave 0 to 1, or a row that is no blank has a parameter that is NaN or not allowed.

    Examples
    --------
    >>> from cortexcnn.stimuli import sweep
    >>> check_drawable(sweep("grating", spatial_frequency=[2, 8]), Screen(8, 224)).aliasing_risk.values
    array([False,  True])
    >>> check_drawable(sweep("grating", spatial_frequency=20), Screen(8, 224))
    Traceback (most recent call last):
        ...
    ValueError: spatial_frequency 20.0 of stimulus 0 is beyond 14 cycles/degree, the Nyquist limit of 28 pixels/...
    """
    kind, rows = rows_of(stimuli)
    labels = stimuli["stimulus"]
    _guard(stimuli.attrs["kind"], rows, labels.values, screen)
    times(stimuli)
    shown = rows["contrast"] != 0
    fine = np.zeros(len(labels), dtype=bool)
    for name in _frequencies(rows):
        fine |= rows[name] > screen.nyquist / 2
    for name in ("width", "sigma"):
        if name in rows:
            fine |= rows[name] * screen.pixels_per_degree < 1
    flags = {"aliasing_risk": fine & shown, "off_screen": _off_screen(kind, rows, screen) & shown}
    return xr.Dataset({name: ("stimulus", flag) for name, flag in flags.items()}, {"stimulus": labels})


def _guard(kind: str, rows: Rows, labels: np.ndarray, screen: Screen) -> None:
    """Refuse what cannot be drawn."""
    check_rows(kind, rows, labels)
    for name in _frequencies(rows):
        remedy = "show lower frequencies, or a screen of more pixels or fewer degrees"
        why = f"cycles/degree, the Nyquist limit of {screen.pixels_per_degree:g} pixels/degree; {remedy}"
        _refuse_beyond(screen.nyquist, name, rows, labels, why)
    if "temporal_frequency" in rows and len(labels):
        rate = rows["frame_rate"][0]
        why = f"Hz, the Nyquist limit of {rate:g} frames/s; show slower gratings, or more frames in a second"
        _refuse_beyond(rate / 2, "temporal_frequency", rows, labels, why)
    name, wrong, why = too_fine(rows, screen)
    wrong = wrong & (rows["contrast"] != 0)
    if wrong.any():
        raise ValueError(f"{name} {rows[name][wrong][0]:g} of stimulus {labels[wrong][0]} {why}")


def _frequencies(rows: Rows) -> list[str]:
    """Names of the spatial frequencies: some kinds show several."""
    return [name for name in rows if name.endswith("spatial_frequency")]


def _refuse_beyond(limit: float, name: str, rows: Rows, labels: np.ndarray, why: str) -> None:
    values = rows[name]
    wrong = np.flatnonzero((rows["contrast"] != 0) & (values > limit * (1 + 1e-9)))
    if len(wrong):
        more = f" (and {len(wrong) - 1} more, up to {values[wrong].max():g})" if len(wrong) > 1 else ""
        raise ValueError(f"{name} {values[wrong[0]]} of stimulus {labels[wrong[0]]}{more} is beyond {limit:g} {why}")


def _off_screen(kind: Kind, rows: Rows, screen: Screen) -> np.ndarray:
    """Which rows show nothing on the screen, taking each as the rectangle around it."""
    if "x" not in rows:
        return np.zeros(len(rows["contrast"]), dtype=bool)
    width, height = kind.extent(rows)
    edge = screen.degrees / 2
    return (np.abs(rows["x"]) - width > edge) | (np.abs(rows["y"]) - height > edge)


def _positions(rows: slice | np.ndarray | list[int] | None, count: int) -> np.ndarray:
    """Positions along stimulus as an array of integers."""
    if rows is None or isinstance(rows, slice):
        return np.arange(count)[rows or slice(None)]
    positions = np.asarray(rows)
    if positions.ndim != 1 or (positions.size and positions.dtype.kind not in "iu"):
        raise ValueError(f"rows are a slice or a list of positions along stimulus; got {rows!r}")
    positions = positions.astype(np.intp)
    beyond = positions[(positions < -count) | (positions >= count)]
    if beyond.size:
        raise ValueError(f"no row {', '.join(map(str, beyond[:5]))} in a table of {count} stimuli")
    return positions


def _buffer(
    shape: tuple[int, ...], device: torch.device | str | None, dtype: torch.dtype, out: torch.Tensor | None
) -> torch.Tensor:
    """Where to draw: the caller's buffer if it fits, else a new one."""
    if out is None:
        return torch.empty(shape, dtype=dtype, device=device)
    if tuple(out.shape) != shape or not out.is_contiguous() or not out.is_floating_point():
        raise ValueError(
            f"out is a contiguous floating-point tensor of the shape {shape}; got {tuple(out.shape)} of {out.dtype}"
        )
    if device is not None and out.device.type != torch.device(device).type:
        raise ValueError(f"out lies on {out.device}, but device is {device}; leave one of them out")
    return out


def _draw(kind: Kind, rows: Rows, canvas: Canvas, out: torch.Tensor) -> None:
    """Draw all rows, a chunk at a time; blanks are grey whatever their other parameters."""
    rows = {**rows, "blank": rows["contrast"] == 0}
    step = max(1, _CHUNK // (out.shape[1] * out.shape[2] * out.shape[3]))
    for start in range(0, len(out), step):
        chunk = {name: values[start : start + step] for name, values in rows.items()}
        for blank, some, part in split(chunk, "blank", out[start : start + step]):
            if blank:
                part.fill_(GREY)
            elif out.dtype == canvas.dtype:
                kind.draw(some, canvas, part)
            else:
                drawn = torch.empty_like(part, dtype=canvas.dtype)
                kind.draw(some, canvas, drawn)
                part.copy_(drawn)
