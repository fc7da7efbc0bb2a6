"""Human and monkey RDMs of objects: how alike two photographs are to visual cortex, subject by subject."""

from __future__ import annotations

import difflib
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from PIL import Image
from scipy.spatial.distance import squareform

from cortexcnn.reference.files import find, read_matlab, refusal
from cortexcnn.reference.sources import SOURCES

__all__ = ["REGIONS", "human78", "objects92", "objects92_images"]

_FMRI = "algonauts2019_92_target_fmri.mat"
_PAPER = "Kriegeskorte_Neuron2008_supplementalData.mat"
_SESSIONS = "92_brainRDMs.mat"
_FEATURES = ("human", "face", "animal", "natural")


def objects92(path: str | Path, *, region: str = "EVC") -> xr.DataArray:
    """Dissimilarities of 92 photographs of objects in human and monkey visual cortex [1]_, [2]_.

    Parameters
    ----------
    path : str or Path
        The folder of the files: ``algonauts2019_92_target_fmri.mat`` for the regions of 2014,
        ``Kriegeskorte_Neuron2008_supplementalData.mat`` for those of 2008 (and, where it is there, for what the objects
        are), ``92_brainRDMs.mat`` for the sessions of 2008.
    region : str
        One of ``REGIONS``: "EVC" and "IT", early visual cortex (V1 and V2 are not kept apart) and inferior temporal
        cortex of 15 people [1]_; "monkey IT 2008", 674 neurons, and "human IT 2008", the mean of 4 people [2]_;
        "human IT 2008 sessions", those 4 people in 2 sessions each.

    Returns
    -------
    DataArray ([subject, [session,]] stimulus, stimulus2)
        One minus the correlation of response patterns. ``stimulus`` is "object01" … "object92", the names under which
        :func:`objects92_images` writes the photographs. Along it, where the file of 2008 is there: ``category`` (text)
        and ``human``, ``face``, ``animal``, ``natural`` (True or False).

    Raises
    ------
    FileNotFoundError, ValueError
        If a file is not there or is another, or the region is unknown.

    References
    ----------
    .. [1] Cichy, Pantazis & Oliva (2014), Nat. Neurosci. 17, 455-462.
    .. [2] Kriegeskorte et al. (2008), Neuron 60, 1126-1141.

    Examples
    --------
    >>> rdm = objects92("human92_evc_it", region="IT")  # doctest: +SKIP
    """
    if region not in REGIONS:
        nearest = difflib.get_close_matches(region, REGIONS, n=1, cutoff=0.0)[0]
        raise ValueError(f"no region {region!r}; the nearest is {nearest!r}, and there are {', '.join(REGIONS)}")
    folder = Path(path).expanduser()
    folder = folder.parent if folder.is_file() else folder
    rdm = REGIONS[region](folder)
    if (folder / _PAPER).is_file():
        rdm = rdm.assign_coords(_described(_objects(folder)))
    return rdm.assign_attrs(region=region, kind="image")


def objects92_images(path: str | Path, folder: str | Path, *, overwrite: bool = False) -> Path:
    """Write the 92 photographs as PNG files, 175 × 175 pixels, named after the stimuli of :func:`objects92`.

    Parameters
    ----------
    path : str or Path
        ``Kriegeskorte_Neuron2008_supplementalData.mat``, or the folder that holds it.
    folder : str or Path
        Where to write ``object01.png`` … ``object92.png``; made where it is not.
    overwrite : bool
        Whether files that are there may be replaced.

    Returns
    -------
    Path
        The folder, to be shown as photographs: a photograph's label is the name of its file.

    Raises
    ------
    FileExistsError
        If a file is there already and ``overwrite`` is False: nothing is written.

    Examples
    --------
    >>> objects92_images("human92_evc_it", "objects")  # doctest: +SKIP
    """
    objects = _objects(Path(path))
    folder = Path(folder)
    files = [folder / f"{label}.png" for label in _names("object", objects.size)]
    there = [file.name for file in files if file.exists()]
    if there and not overwrite:
        raise FileExistsError(f"{folder} holds {there[0]} already ({len(there)} files); overwrite=True replaces them")
    folder.mkdir(parents=True, exist_ok=True)
    for file, thing in zip(files, objects, strict=True):
        Image.fromarray(thing["image"]).save(file)
    return folder


def human78(path: str | Path, *, region: str = "EVC") -> xr.DataArray:
    """Dissimilarities of 78 photographs in human cortex, which hardly repeat from person to person: not a reference.

    One person's RDM correlates with the mean of the others' by 0.016 ± 0.021: there is no ceiling to speak of. The
    published "ceiling" of .064 is what 15 RDMs of pure noise give (1/15). It is read so that this can be seen.

    Parameters
    ----------
    path : str or Path
        ``target_fmri.mat`` of the 78 images, or the folder that holds it.
    region : str
        "EVC" or "IT".

    Returns
    -------
    DataArray (subject, stimulus, stimulus2)
        ``stimulus`` is "image_01" … "image_78".

    Warns
    -----
    UserWarning
        Always: says how low the reliability is.

    Raises
    ------
    FileNotFoundError, ValueError
        If the file is not there or is another, or the region is unknown.

    Examples
    --------
    >>> rdm = human78("human78_low_reliability")  # doctest: +SKIP
    """
    if region not in ("EVC", "IT"):
        raise ValueError(f"region is EVC or IT; got {region!r}")
    rdm = _of_people(find(path, name="target_fmri.mat", source=SOURCES["human78"]), region, "human78", "image_")
    warnings.warn(
        "the 78-image fMRI RDMs do not repeat from person to person (leave-one-out correlation 0.016 ± 0.021): no "
        "model can be told from noise by them, and the published ceiling of .064 is that of noise; use objects92",
        UserWarning,
        stacklevel=2,
    )
    return rdm.assign_attrs(region=region, kind="image", reliability=0.016)


def _of_people(path: Path, region: str, name: str, prefix: str) -> xr.DataArray:
    """RDMs of an Algonauts file, (subject, stimulus, stimulus2)."""
    source = SOURCES[name]
    variable = f"{region}_RDMs"
    stack = read_matlab(path, wanted=[variable], source=source)[variable]
    if stack.ndim != 3 or stack.shape[0] != stack.shape[1]:
        raise refusal(path, f"{variable} has the shape {stack.shape}", "(stimulus, stimulus, subject)", source)
    people = np.array([f"S{number:02d}" for number in range(1, stack.shape[2] + 1)])
    return _rdm(stack.transpose(2, 0, 1), prefix, name, subject=people)


def _rdm(values: np.ndarray, prefix: str, name: str, **leading: np.ndarray) -> xr.DataArray:
    """The table: labels on both sides, and what the leading dimensions are."""
    labels = _names(prefix, values.shape[-1])
    coords = {**leading, "stimulus": labels, "stimulus2": labels}
    return xr.DataArray(
        values.astype(np.float64), dims=tuple(coords), coords=coords, name="dissimilarity", attrs=SOURCES[name].attrs()
    )


def _names(prefix: str, count: int) -> np.ndarray:
    return np.array([f"{prefix}{number:02d}" for number in range(1, count + 1)])


def _fmri(region: str) -> Callable[[Path], xr.DataArray]:
    """A reader of one of the regions of 2014."""
    return lambda folder: _of_people(
        find(folder, name=_FMRI, source=SOURCES["cichy2014"]), region, "cichy2014", "object"
    )


def _paper(species: int) -> Callable[[Path], xr.DataArray]:
    """A reader of figure 1 of 2008: the monkeys' RDM, or the mean of the people's."""

    def read(folder: Path) -> xr.DataArray:
        source = SOURCES["kriegeskorte2008"]
        content = read_matlab(find(folder, name=_PAPER, source=source), wanted=["RDMs_mIT_hIT_fig1"], source=source)
        upper = content["RDMs_mIT_hIT_fig1"].ravel()[species]["RDM"].ravel()
        return _rdm(squareform(upper.astype(np.float64)), "object", "kriegeskorte2008")

    return read


def _sessions(folder: Path) -> xr.DataArray:
    """The people of 2008 one by one, two sessions each."""
    source = SOURCES["kriegeskorte2008"]
    records = read_matlab(find(folder, name=_SESSIONS, source=source), wanted=["RDMs"], source=source)["RDMs"]
    records = records.reshape(-1, *records.shape[-2:])[0] if records.ndim == 3 else records
    values = np.array([[record["RDM"] for record in subject] for subject in records])
    people = np.array([subject[0]["name"].item().split("|")[1].strip() for subject in records])
    numbers = np.arange(1, values.shape[1] + 1)
    return _rdm(values, "object", "kriegeskorte2008", subject=people, session=numbers)


def _objects(path: Path) -> np.ndarray:
    """The structures of the 92 objects: category, features, image."""
    source = SOURCES["kriegeskorte2008"]
    path = find(path, name=_PAPER, source=source)
    return read_matlab(path, wanted=["stimuli_92objs"], source=source)["stimuli_92objs"].ravel()


def _described(objects: np.ndarray) -> dict[str, Any]:
    """Coordinates along stimulus: what each object is."""
    category = np.array([thing["category"].item() for thing in objects])
    features = {name: np.array([bool(thing[name].item()) for thing in objects]) for name in _FEATURES}
    return {"category": ("stimulus", category), **{name: ("stimulus", values) for name, values in features.items()}}


REGIONS: dict[str, Callable[[Path], xr.DataArray]] = {
    "EVC": _fmri("EVC"),
    "IT": _fmri("IT"),
    "monkey IT 2008": _paper(0),
    "human IT 2008": _paper(1),
    "human IT 2008 sessions": _sessions,
}
"""The regions of the 92 objects, each with its reader."""
