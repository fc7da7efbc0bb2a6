"""A set of stimuli as files, so that a laboratory can replay on an animal exactly what a network was shown."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import torch
import xarray as xr
from PIL import Image

from cortexcnn.arrays import content_hash
from cortexcnn.screen import Screen
from cortexcnn.stimuli.kinds import KINDS
from cortexcnn.stimuli.render import check_drawable, render
from cortexcnn.stimuli.sweep import times

__all__ = ["export"]

_TABLE, _SIDECAR, _EVENTS = "stimuli.csv", "stimuli.json", "events.tsv"
_CHUNK = 2**24  # pixels in memory at once


def export(
    stimuli: xr.Dataset,
    screen: Screen,
    folder: str | Path,
    *,
    overwrite: bool = False,
    events: bool = False,
    duration: float = 1.0,
    gap: float = 1.0,
) -> Path:
    """Write stimuli as PNG files with a table.

    Parameters
    ----------
    stimuli : Dataset (stimulus)
        What to show.
    screen : Screen
        On what.
    folder : str or Path
        Where to write ``stimuli.csv`` (a row a picture: its ``file``, ``stimulus`` and all parameters; for what moves
        a row a frame, with ``frame`` and ``time``; where photographs come from is in ``photograph``),
        ``stimuli.json`` (units, screen, conventions) and the pictures, whose luminance 0–1 is 0–255, grey 128. The
        display must be linear in luminance.
    overwrite : bool
        Replace an earlier set of the folder. Its pictures are removed; files that are none of it stay.
    events : bool
        Also write ``events.tsv`` (onset, duration, trial_type, stim_file) in the form of BIDS [1]_, one stimulus
        after the other in the order of the table.
    duration : float
        Seconds that still stimuli are shown, in ``events.tsv``; what moves has its own.
    gap : float
        Seconds of grey between them.

    Returns
    -------
    Path
        The table that was written.

    Raises
    ------
    FileExistsError
        If the folder has files and ``overwrite`` is False.
    ValueError
        If a stimulus cannot be drawn, or two labels would make one file name. Nothing is written then.

    References
    ----------
    .. [1] Gorgolewski et al. (2016), Sci. Data 3, 160044.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> from cortexcnn.stimuli import sweep
    >>> table = export(sweep("edge", orientation=[0, 90]), Screen(8, 32), mkdtemp())
    >>> sorted(path.name for path in table.parent.iterdir())
    ['edge_0.png', 'edge_1.png', 'stimuli.csv', 'stimuli.json']
    """
    folder = Path(folder).expanduser()
    check_drawable(stimuli, screen)
    if not (duration > 0 and gap >= 0):
        raise ValueError(f"a duration of {duration} s and a gap of {gap} s: durations are above 0, gaps not below")
    frames = times(stimuli)
    names = _names(stimuli, 0 if frames is None else len(frames))
    _make_room(folder, overwrite=overwrite)
    for name, picture in zip((name for row in names for name in row), _pictures(stimuli, screen), strict=True):
        Image.fromarray(picture).save(folder / name)
    _write_table(stimuli, names, frames, folder)
    _write_sidecar(stimuli, screen, folder)
    if events:
        shown = duration if frames is None else len(frames) / float(stimuli.attrs.get("frame_rate", 32.0))
        _write_events(stimuli, names, folder, shown=shown, gap=gap)
    return folder / _TABLE


def _names(stimuli: xr.Dataset, frames: int) -> list[list[str]]:
    """File names of each stimulus: one, or one a frame."""
    labels = [str(label) for label in stimuli["stimulus"].values.tolist()]
    if stimuli["stimulus"].dtype.kind in "iu":
        longest = max((len(label) for label in labels), default=1)
        stems = [f"{stimuli.attrs['kind']}_{label.zfill(longest)}" for label in labels]
    else:
        stems = [re.sub(r"[^\w.-]+", "_", label) for label in labels]
    lower = pd.Series([stem.lower() for stem in stems])
    if lower.duplicated().any():
        clash = [label for label, twice in zip(labels, lower.duplicated(keep=False), strict=True) if twice]
        raise ValueError(f"the labels {', '.join(clash[:5])} would make one file name; rename stimuli")
    if not frames:
        return [[f"{stem}.png"] for stem in stems]
    digits = len(str(frames - 1))
    return [[f"{stem}_frame_{frame:0{digits}d}.png" for frame in range(frames)] for stem in stems]


def _make_room(folder: Path, *, overwrite: bool) -> None:
    """An empty folder, or one from which the earlier set has been taken away."""
    folder.mkdir(parents=True, exist_ok=True)
    there = sorted(path.name for path in folder.iterdir())
    if not there:
        return
    if not overwrite:
        listed = ", ".join(there[:3]) + (", …" if len(there) > 3 else "")
        raise FileExistsError(f"{folder} has files ({listed}); choose an empty folder, or overwrite=True")
    earlier = {_TABLE, _SIDECAR, _EVENTS}
    if _TABLE in there:
        with (folder / _TABLE).open(encoding="utf-8", newline="") as table:
            earlier |= {row["file"] for row in csv.DictReader(table) if row.get("file", "").endswith(".png")}
    for name in earlier & set(there):
        (folder / name).unlink()


def _pictures(stimuli: xr.Dataset, screen: Screen) -> Iterator[np.ndarray]:
    """Every picture in 8 bits, a few stimuli at a time."""
    frames = times(stimuli)
    step = max(1, _CHUNK // (screen.pixels**2 * (1 if frames is None else len(frames))))
    for start in range(0, stimuli.sizes["stimulus"], step):
        drawn = render(stimuli, screen, rows=slice(start, start + step)).flatten(0, -4)
        for picture in (drawn * 255).round().to(torch.uint8).numpy():
            yield picture[0] if len(picture) == 1 else np.ascontiguousarray(np.moveaxis(picture, 0, -1))


def _write_table(stimuli: xr.Dataset, names: list[list[str]], frames: np.ndarray | None, folder: Path) -> None:
    table = stimuli.reset_coords().to_dataframe().reset_index().rename(columns={"file": "photograph"})
    table.insert(0, "file", names)
    table = table.explode("file", ignore_index=True)
    if frames is not None:
        table.insert(1, "frame", np.tile(np.arange(len(frames)), len(names)))
        table.insert(2, "time", np.tile(frames, len(names)))
    table.to_csv(folder / _TABLE, index=False)


def _write_sidecar(stimuli: xr.Dataset, screen: Screen, folder: Path) -> None:
    """What the columns mean and how the screen must be set up."""
    entry = KINDS[stimuli.attrs["kind"]]
    columns = {
        name: {"Description": known.meaning, **({"Units": known.units} if known.units else {})}
        for name, known in entry.parameters.items()
    }
    content = {
        "kind": stimuli.attrs["kind"],
        "degrees": screen.degrees,
        "pixels": screen.pixels,
        **{name: value for name, value in stimuli.attrs.items() if name in ("duration", "frame_rate")},
        "stimuli_hash": content_hash(stimuli),
        "luminance": "0 is 0, 255 is 1, the grey of .5 is 128; the display must be linear in luminance",
        "x, y": "degrees from the centre of the screen, to the right and up",
        "orientation": "of stripe or bar, counter-clockwise from horizontal as seen on the screen",
        "direction": "of motion, counter-clockwise from rightward; orientation + 90",
        "columns": columns,
    }
    (folder / _SIDECAR).write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _write_events(stimuli: xr.Dataset, names: list[list[str]], folder: Path, *, shown: float, gap: float) -> None:
    """Onsets in the form of BIDS; of what moves, the first frame stands for all."""
    count = len(names)
    table = pd.DataFrame(
        {
            "onset": np.arange(count) * (shown + gap),
            "duration": np.full(count, shown),
            "trial_type": stimuli["stimulus"].values.astype(str),
            "stim_file": [row[0] for row in names],
        }
    )
    table.to_csv(folder / _EVENTS, sep="\t", index=False)
