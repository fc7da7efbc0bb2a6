"""Pickles of numpy arrays, read without executing anything that is in them.

A pickle can run any program when it is read. The reader here knows only what the pickles of published images need, a
numpy array, and refuses the rest by name.
"""

from __future__ import annotations

import _codecs
import io
import pickle
from typing import Any

import numpy as np

__all__ = ["unpickled"]


def _dtype(name: Any, align: int = 0, copy: int = 0) -> np.dtype:
    """A data type; Python 2 pickled its flags as numbers, which numpy warns about."""
    return np.dtype(name, align=bool(align), copy=bool(copy))


_ALLOWED: dict[tuple[str, str], Any] = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): _dtype,
    ("_codecs", "encode"): _codecs.encode,
    **{(f"numpy.{core}.multiarray", "_reconstruct"): np.empty(0).__reduce__()[0] for core in ("core", "_core")},
    **{(f"numpy.{core}.numeric", "_frombuffer"): np.empty(0).__reduce_ex__(5)[0] for core in ("core", "_core")},
}
"""All that a pickle of images may name: the parts of a numpy array."""


def unpickled(data: bytes) -> dict[str, Any]:
    """A pickled dictionary, written by either generation of Python.

    Parameters
    ----------
    data : bytes
        Content of the file.

    Returns
    -------
    dict
        Arrays, lists and text by name; text inside a value stays bytes where Python 2 wrote it.

    Raises
    ------
    UnpicklingError
        If the pickle asks for more than numpy arrays: says for what.
    Exception
        Whatever else pickle raises where the file is damaged.

    Examples
    --------
    >>> unpickled(pickle.dumps({b"labels": [1, 2]}))
    {'labels': [1, 2]}
    """
    content = _Reader(io.BytesIO(data), encoding="bytes").load()
    return {key.decode() if isinstance(key, bytes) else key: value for key, value in content.items()}


class _Reader(pickle.Unpickler):
    """An unpickler that knows numpy arrays and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        """Look up what the pickle names, if it may name it."""
        try:
            return _ALLOWED[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which no batch of images needs") from None
