"""Where the files that come with the project lie: published figures and the weights of the default network.

In a checkout they are in ``data/`` beside the package; in an installed wheel, inside it.
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["shipped"]

_PLACES = (Path(__file__).parent / "data", Path(__file__).parent.parent / "data")


def shipped(name: str) -> Path:
    """Path of a file that comes with the project.

    Parameters
    ----------
    name : str
        File name, for example ``published_v1.csv``.

    Returns
    -------
    Path
        Where the file is.

    Raises
    ------
    FileNotFoundError
        If there is no such file: names those that there are.

    Examples
    --------
    >>> shipped("published_v1.csv").suffix
    '.csv'
    """
    for place in _PLACES:
        if (place / name).is_file():
            return place / name
    there = sorted(path.name for place in _PLACES if place.is_dir() for path in place.iterdir() if path.is_file())
    raise FileNotFoundError(f"no file {name} comes with cortexcnn; there are {', '.join(there) or 'none'}")
