"""The V1 cells of Hénaff et al. 2021 under natural images: neurons and their stimuli, for RSA and encoding.

Two forms of the same counts are read: the authors' MATLAB files, one a session, and a tidy NetCDF copy of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import xarray as xr

from cortexcnn.reference.files import find, refusal
from cortexcnn.reference.sources import SOURCES

__all__ = ["UNRELIABLE_SESSIONS", "henaff2021"]

UNRELIABLE_SESSIONS = ("ay2_u007", "ay5_u002")
"""Sessions whose RDM hardly repeats itself: Spearman about 0.2 between halves, against 0.5 to 0.8 of the others."""

_SOURCE = SOURCES["henaff2021"]
_TIDY = "henaff2021_v1_responses_images.nc"
_ORIGINAL = "*_image_sequences.mat"
_COUNTED = 0.2  # s, from the session's latency after the image appeared
_MISSING = -1
_FOLDER = "images/acute/stimulus_fullfield/"


def henaff2021(path: str | Path) -> xr.DataArray:
    """Spike counts of 360 macaque V1 units in 9 sessions under 440 images, about 50 times each [1]_.

    The frames of one movie are near-duplicates, and pixels explain much of their order: always report what holds
    between movies too, by the coordinate ``movie``. Repeat k of one unit and repeat k of another need not be the same
    moment; to split the repeats, split them by their index, alike for all units. Halves drawn for each unit and image
    apart repeat each other too well (.89 in place of .76 to .77).

    Parameters
    ----------
    path : str or Path
        The folder of the authors' ``…_image_sequences.mat``, one a session; or the tidy copy
        ``henaff2021_v1_responses_images.nc``, or its folder.

    Returns
    -------
    DataArray (stimulus, unit, repeat)
        Spikes in 0.2 s, from the session's latency on; NaN where a repeat is missing.

        ``stimulus`` is the path of the image below ``images/acute/stimulus_fullfield``, without its ending, for example
        ``stimSelected-zoom1x/movie1/natural01``: names of files alone repeat. Along it: ``image_path``,
        ``image_number`` (the authors', from 1), ``category`` ("natural", "synthetic": a linear fade in place of
        the movie, "contrast": one frame at rising contrast), ``movie``, ``frame``, ``zoom``.

        Along ``unit``: ``area``, ``subject``, ``session`` (a population recorded at once), ``cluster``,
        ``cluster_group`` (the sorter's 1 or 2, undocumented), ``latency`` (s), ``spontaneous`` (under a blank screen,
        spikes in 0.2 s) and ``reliable``, False in ``UNRELIABLE_SESSIONS``.

    Raises
    ------
    FileNotFoundError, ValueError
        If the files are not there, or are others.

    References
    ----------
    .. [1] Hénaff et al. (2021), Nat. Commun. 12, 5982.

    Examples
    --------
    >>> cells = henaff2021("henaff2021_v1")  # doctest: +SKIP
    >>> cells = cells.sel(unit=cells.reliable)  # doctest: +SKIP
    """
    folder = Path(path).expanduser()
    originals = sorted(folder.glob(_ORIGINAL)) if folder.is_dir() else []
    if originals:
        return _from_sessions([_session(file) for file in originals])
    return _from_tidy(find(path, name=_TIDY, source=_SOURCE))


def _from_tidy(path: Path) -> xr.DataArray:
    """Responses out of the NetCDF copy."""
    try:
        with xr.open_dataset(path, engine="h5netcdf") as file:
            content = file.drop_vars("stimulus_image", errors="ignore").load()
    except (OSError, ValueError) as error:
        raise refusal(path, "it is no NetCDF-4 file", f"{_TIDY} or a folder of {_ORIGINAL}", _SOURCE) from error
    missing = {"spike_count", "image_path", "session", "latency"} - set(content.variables)
    if missing:
        found = f"it holds {', '.join(map(str, content.variables))}"
        raise refusal(path, found, f"also {', '.join(sorted(missing))}", _SOURCE)
    counts = content["spike_count"].transpose("stimulus", "neuroid", "repetition").values
    images = {
        "image_path": content["image_path"].values,
        "image_number": content["stimulus_id"].values,
        "category": content["category"].values,
        "movie": content["movie"].values,
        "frame": content["frame"].values,
        "zoom": content["scale"].values,
    }
    units = {
        "subject": content["monkey"].values,
        "session": content["session"].values,
        "cluster": content["cluster"].values,
        "cluster_group": content["cluster_group"].values,
        "latency": content["latency"].values,
        "blank_rate": content["blank_rate"].values,
    }
    return _responses(np.where(counts == _MISSING, np.nan, counts), images, units)


def _from_sessions(sessions: list[dict[str, Any]]) -> xr.DataArray:
    """Responses out of the authors' files, put together; sessions of fewer repeats are filled up with NaN."""
    images = sessions[0]["images"]
    repeats = max(session["counts"].shape[2] for session in sessions)
    filled = []
    for session in sessions:
        if not np.array_equal(session["images"]["image_path"], images["image_path"]):
            raise ValueError(f"{session['path']} has other images than {sessions[0]['path']}; read them one by one")
        lacking = repeats - session["counts"].shape[2]
        filled.append(np.pad(session["counts"], ((0, 0), (0, 0), (0, lacking)), constant_values=np.nan))
    units = {name: np.concatenate([session["units"][name] for session in sessions]) for name in sessions[0]["units"]}
    return _responses(np.concatenate(filled, axis=1), images, units)


def _responses(counts: np.ndarray, images: dict[str, Any], units: dict[str, Any]) -> xr.DataArray:
    """The table of responses, the same from either form."""
    session = units["session"].astype(str)
    labels = np.array([f"{name}/{cluster:g}" for name, cluster in zip(session, units["cluster"], strict=True)])
    units = {**units, "spontaneous": units["blank_rate"] * _COUNTED}
    del units["blank_rate"]
    return xr.DataArray(
        counts.astype(np.float64),
        dims=("stimulus", "unit", "repeat"),
        coords={
            "stimulus": [_label(image) for image in images["image_path"]],
            "unit": labels,
            **{name: ("stimulus", values) for name, values in images.items()},
            **{name: ("unit", values) for name, values in units.items()},
            "area": ("unit", np.full(session.size, "V1")),
            "reliable": ("unit", ~np.isin(session, UNRELIABLE_SESSIONS)),
        },
        name="spikes",
        attrs={**_SOURCE.attrs(), "kind": "image", "window_duration": _COUNTED},
    )


def _label(image: str) -> str:
    """The name of an image: its path in the archive below the folder of them all, without its ending."""
    return str(image).removeprefix(_FOLDER).rsplit(".", 1)[0]


def _session(path: Path) -> dict[str, Any]:
    """Counts (stimulus, unit, repeat), images and units of one of the authors' files."""
    try:
        with h5py.File(path) as file:
            content = file["naturalStruct"]
            images, places = _images(file, content["stimulusStruct"])
            counts = content["sortedResponses"][()]  # (repeat, unit, frame, movie, category, scale)
            name = f"{_text(content['monkey_ID'])}_{_text(content['penetration_ID'])}"
            size = counts.shape[1]
            units = {
                "subject": np.full(size, _text(content["monkey_ID"])),
                "session": np.full(size, name),
                "cluster": content["cluster_list"][()].ravel().astype(int),
                "cluster_group": content["cluster_group"][()].ravel(),
                "latency": np.full(size, content["response_latency"][()].item()),
                "blank_rate": content["mean_blank_rates"][()].ravel(),
            }
    except (OSError, KeyError) as error:
        raise refusal(path, str(error), f"a file of the authors, {_ORIGINAL}", _SOURCE) from error
    shown = np.stack([counts[:, :, frame, movie, category, zoom].T for frame, movie, category, zoom in places])
    return {"path": path, "counts": shown, "images": images, "units": units}


def _images(file: h5py.File, described: h5py.Group) -> tuple[dict[str, Any], list[tuple[int, int, int, int]]]:
    """What was shown, in the order of the authors' numbers, and where each image's counts stand."""
    rows = sorted(_described(file, described))
    names = ("image_number", "image_path", "category", "movie", "frame", "zoom")
    images = {name: np.array([row[place] for row in rows]) for place, name in enumerate(names)}
    return images, [row[-1] for row in rows]


def _described(file: h5py.File, described: h5py.Group) -> Iterator[tuple[Any, ...]]:
    """One row an image: number, path, category, movie, frame, zoom, place in the counts."""
    zooms, categories = _texts(file, described["scales"]), _texts(file, described["categories"])
    for scale, zoom in enumerate(zooms):
        for kind, category in enumerate(categories):
            for movie, entry in described[zoom].get(category, {}).items():
                number = int(re.findall(r"\d+", movie)[0])
                paths = _texts(file, entry["file_paths"])
                for identity, image in zip(entry["stimulus_id"][()].ravel(), paths, strict=True):
                    name = image.rsplit("/", 1)[1]
                    frame = int(re.findall(r"\d+", name)[0])
                    where = f"{_FOLDER}stimSelected-{zoom}/movie{number}/{name}"
                    yield int(identity), where, category, movie, frame, zoom, (frame - 1, number - 1, kind, scale)


def _text(dataset: h5py.Dataset) -> str:
    """A MATLAB text: its characters are stored as numbers."""
    return "".join(map(chr, dataset[()].ravel()))


def _texts(file: h5py.File, cell: h5py.Dataset) -> list[str]:
    """A MATLAB cell array of texts: its cells are stored as references."""
    return [_text(file[reference]) for reference in cell[()].ravel()]
