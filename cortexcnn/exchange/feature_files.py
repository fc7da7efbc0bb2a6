"""Features in the files of thingsvision [1]_: one layer a file or a folder, and beside it the names of the images.

``save_features`` writes ``features.npy`` (or .hdf5, .mat, .pt, .txt), and an extractor with ``output_dir`` a folder
named after the layer, with ``features_0-100.npy`` and so on. The images stand in ``file_names.txt``, one a line.

References
----------
.. [1] Muttenthaler & Hebart (2021), Front. Neuroinform. 15, 679838.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import xarray as xr

from cortexcnn.arrays import SEPARATOR, check_responses
from cortexcnn.choices import chosen
from cortexcnn.exchange.feature_formats import READERS, WRITERS
from cortexcnn.exchange.plain import free

__all__ = ["LABELS", "read_thingsvision", "write_thingsvision"]

_NAMES = "file_names.txt"
_PART = re.compile(r"features(?P<kind>.*?)(?:_\d+-(?P<last>\d+)|_(?P<nth>\d+))?\.(?P<ending>npy|hdf5|mat|pt|txt)")
_PLACES = {1: ("channel",), 2: ("token", "channel"), 3: ("channel", "row", "column")}
"""What the dimensions behind the images are."""

LABELS: dict[str, Callable[[str], str]] = {
    "stem": lambda file: PurePosixPath(file).stem,
    "path": lambda file: str(PurePosixPath(file).with_suffix("")),
}
"""What a stimulus is called by the name of its file."""


def read_thingsvision(
    path: str | Path,
    *,
    layer: str,
    labels: str = "stem",
    files: Iterable[str] | None = None,
    maps: tuple[int, int, int] | None = None,
    channels_last: bool = False,
) -> xr.DataArray:
    r"""Responses out of the features of a layer.

    Parameters
    ----------
    path : str or Path
        A file of features, or a folder with one or with all its parts.
    layer : str
        What the layer is to be called; the files don't say.
    labels : str
        ``"stem"`` names a stimulus by its file without folder and ending, as :func:`cortexcnn.stimuli.photographs`
        does; ``"path"`` by its file without ending.
    files : iterable of str, optional
        The names of the images, in order; by default those in ``file_names.txt``, in the folder or the one above it.
    maps : (int, int, int), optional
        Channels, rows and columns of a layer whose maps were flattened.
    channels_last : bool
        Maps are row × column × channel, as TensorFlow has them.

    Returns
    -------
    DataArray (stimulus, unit)
        ``file`` along ``stimulus``; ``layer`` and ``channel`` along ``unit``, ``row`` and ``column`` of maps, ``token``
        of layers that have them.

    Raises
    ------
    FileNotFoundError
        If there are no features, or no names.
    ValueError
        If features are of several kinds, can't be opened without running code that is in them, or don't fit the names
        or ``maps``; if two stimuli have one label.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     np.save(f"{folder}/features.npy", np.eye(2))
    ...     _ = Path(folder, "file_names.txt").write_text("animals/cat.jpg\nanimals/dog.jpg\n")
    ...     read_thingsvision(folder, layer="fc").sel(stimulus="dog").values
    array([0., 1.])
    """
    path = Path(path).expanduser()
    named = chosen(LABELS, labels, "kind of label")
    parts = _parts(path)
    names = _names(parts[0].parent) if files is None else [str(file) for file in files]
    read = [_opened(part, names) for part in parts]
    if len({part.shape[1:] for part in read}) > 1:
        raise ValueError(f"the parts of {path} have different shapes: {', '.join(str(part.shape) for part in read)}")
    features = np.concatenate(read)
    if len(features) != len(names):
        raise ValueError(f"{path} has features of {len(features)} images, and there are {len(names)} names")
    features = _arranged(features, maps, channels_last=channels_last)
    coords: dict[str, Any] = {"stimulus": [named(name) for name in names], "file": ("stimulus", names)}
    coords |= {name: ("unit", each) for name, each in _units(features.shape[1:], layer).items()}
    return check_responses(xr.DataArray(features.reshape(len(names), -1), coords, ("stimulus", "unit")))


def write_thingsvision(
    responses: xr.DataArray, folder: str | Path, *, ending: str = "npy", overwrite: bool = False
) -> Path:
    """Write the responses of a layer as thingsvision would: ``features`` and ``file_names.txt``.

    Units that are a whole map, channel by channel and row by row, are written as maps (but for .txt, which is flat);
    of others, and of stimuli but for ``file`` or their labels, these files hold nothing: no parameters, no places.

    Parameters
    ----------
    responses : DataArray (stimulus, unit)
        Of one layer, without repeats.
    folder : str or Path
        Made if it is not there.
    ending : str
        "npy" (default), "hdf5", "mat", "pt" or "txt".
    overwrite : bool
        Replace files.

    Returns
    -------
    Path
        The file of features.

    Raises
    ------
    FileExistsError
        If either file is there and ``overwrite`` is False.
    ValueError
        If there are repeats, moments or several layers, or a name would be two lines or has no place in the file.
    """
    check_responses(responses)
    save = chosen({name.removeprefix("."): one for name, one in WRITERS.items()}, ending, "kind of file")
    if responses.ndim > 2:
        raise ValueError("thingsvision has one answer to an image: average over repeat and time, or take one by .isel")
    if "layer" in responses.coords and len(set(np.atleast_1d(responses["layer"].values).tolist())) > 1:
        raise ValueError('one layer a file: take one, for example by .isel(unit=responses["layer"] == …)')
    table = responses.transpose("stimulus", "unit")
    names = [str(name) for name in (table["file"] if "file" in table.coords else table["stimulus"]).values]
    broken = [name for name in names if not name.strip() or name != name.strip() or len(name.splitlines()) > 1]
    if broken:
        raise ValueError(f"{broken[0]!r} is no line of its own in {_NAMES}; name the stimuli otherwise")
    folder = Path(folder).expanduser()
    path = free(folder / f"features.{ending}", f".{ending}", overwrite=overwrite)
    free(folder / _NAMES, ".txt", overwrite=overwrite)
    save(path, _mapped(table), names)
    (folder / _NAMES).write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
    return path


def _parts(path: Path) -> list[Path]:
    """The files of features, in order. Behind ``_`` stand the first and last image or the number of the part.

    Of the first image thingsvision 2.7 knows only for the first of several layers; the last one is right.
    """
    if path.is_file():
        if path.suffix not in READERS:
            raise ValueError(f"features end in {', '.join(READERS)}; got {path.name}")
        return [path]
    found = [(match, file) for file in path.glob("features*") if (match := _PART.fullmatch(file.name))]
    if not found:
        raise FileNotFoundError(f"no features in {path}: neither a file, nor a folder with features.npy or its like")
    if len({(match["kind"], match["ending"], bool(match["last"] or match["nth"])) for match, _ in found}) > 1:
        names = ", ".join(sorted(file.name for _, file in found))
        raise ValueError(f"{path} has features of several kinds: {names}; give the path of one")
    return [file for _, file in sorted(found, key=lambda each: int(each[0]["last"] or each[0]["nth"] or 0))]


def _names(folder: Path) -> list[str]:
    """The names of the images, in their order."""
    for file in (folder / _NAMES, folder.parent / _NAMES):
        if file.is_file():
            return [line.strip() for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    raise FileNotFoundError(f"no {_NAMES} in {folder} or above it, so that the images have no names; give files=[…]")


def _opened(path: Path, names: list[str]) -> np.ndarray:
    """Features (image, …), opened as numbers and nothing else."""
    try:
        features = np.asarray(READERS[path.suffix](path, names))
    except (ValueError, OSError, EOFError, KeyError, TypeError, RuntimeError) as error:
        raise ValueError(f"{path} holds no plain features ({error}); objects are never opened") from error
    if features.ndim - 1 not in _PLACES or features.dtype.kind not in "iuf":
        size = " × ".join(map(str, features.shape)) or "no size"
        raise ValueError(
            f"{path} holds {features.dtype} of {size}; features are numbers of image × channel (× row × column), "
            "or image × token × channel"
        )
    return features


def _arranged(features: np.ndarray, maps: tuple[int, int, int] | None, *, channels_last: bool) -> np.ndarray:
    """Features with the channels of maps in front of rows and columns."""
    if maps is not None:
        channels, rows, columns = maps
        if features[:1].size != channels * rows * columns:
            raise ValueError(f"{features[:1].size} features of an image are not {channels} × {rows} × {columns} maps")
        features = features.reshape(-1, *((rows, columns, channels) if channels_last else maps))
    return np.moveaxis(features, -1, 1) if channels_last and features.ndim == 4 else features


def _units(shape: tuple[int, ...], layer: str) -> dict[str, np.ndarray]:
    """Labels and places of units; the last dimension counts fastest."""
    places = np.indices(shape).reshape(len(shape), -1)
    labels = [SEPARATOR.join((layer, *map(str, place))) for place in places.T.tolist()]
    return {
        "unit": np.array(labels),
        "layer": np.full(len(labels), layer),
        **dict(zip(_PLACES[len(shape)], places, strict=True)),
    }


def _mapped(table: xr.DataArray) -> np.ndarray:
    """Values (image, …) with a dimension for each kind of place, if the units fill all places in order."""
    for names in (_PLACES[3], _PLACES[2]):
        if all(name in table.coords and table[name].dtype.kind in "iu" for name in names):
            places = [np.broadcast_to(table[name].values, table.sizes["unit"]) for name in names]
            shape = [place.max() + 1 for place in places]
            full = [each.ravel() for each in np.indices(shape)]
            if np.prod(shape) == table.sizes["unit"] and np.array_equal(places, full):
                return table.values.reshape(-1, *shape)
    return table.values
