"""Weights from local files, read without running anything that is in them, and fitted with every misfit named."""

from __future__ import annotations

import copy
import pickle
import re
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import nn

from cortexcnn.models.eye import Eye

__all__ = ["SUFFIXES", "eye_in", "fit", "read"]

SUFFIXES = (".pth", ".pt", ".safetensors")
"""Kinds of files that weights are read from."""

_INSIDE = ("state_dict", "model_state_dict", "model")
_PREFIXES = ("module.", "_orig_mod.")


def read(path: Path) -> dict[str, torch.Tensor]:
    """Read a state dict from a file.

    Parameters
    ----------
    path : Path
        ``.safetensors``, or ``.pth`` / ``.pt`` as ``torch.save`` writes them. A checkpoint that holds the state dict
        under "state_dict", "model_state_dict" or "model" is opened, and prefixes that wrappers leave ("module.") are
        taken off.

    Returns
    -------
    dict of str to Tensor
        On the processor.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is of another kind, damaged, needs more than tensors (a pickle can run code: it is refused), or holds
        no state dict.
    """
    if not path.is_file():
        raise FileNotFoundError(f"no weights file {path}; give default, none, or the path of a {_kinds()} file")
    if path.suffix not in SUFFIXES:
        raise ValueError(f"{path} is no weights file that can be read safely: wanted {_kinds()}")
    state = _safetensors(path) if path.suffix == ".safetensors" else _pickled(path)
    for key in _INSIDE:
        if isinstance(state, Mapping) and isinstance(state.get(key), Mapping):
            state = state[key]
            break
    if not isinstance(state, Mapping) or not state or not all(isinstance(v, torch.Tensor) for v in state.values()):
        raise ValueError(
            f"{path} holds no state dict but {_described(state)}; save one by torch.save(module.state_dict(), path)"
        )
    for prefix in _PREFIXES:
        if all(key.startswith(prefix) for key in state):
            state = _renamed(state, {key: key.removeprefix(prefix) for key in state})
    # DenseNets as torchvision publishes them have an older name for two of their layers
    return _renamed(state, {key: re.sub(r"(denselayer\d+\.(?:norm|conv))\.([12])\.", r"\1\2.", key) for key in state})


def fit(module: nn.Module, state: dict[str, torch.Tensor], *, source: str, partial: bool = False) -> tuple[str, ...]:
    """Put weights into a module.

    Parameters
    ----------
    module : nn.Module
        Changed in place.
    state : dict of str to Tensor
        As :func:`read` returns it.
    source : str
        What the weights are called in messages.
    partial : bool
        Load what fits, leave the rest of the module as it is, and warn.

    Returns
    -------
    tuple of str
        Entries of the module that the weights left as they were.

    Raises
    ------
    ValueError
        If names or shapes don't fit (with ``partial``: if none do). Names the first of each kind.
    """
    wanted = module.state_dict()
    missing = [key for key in wanted if key not in state and not key.endswith("num_batches_tracked")]
    unexpected = [key for key in state if key not in wanted]
    misshaped = [key for key in wanted if key in state and state[key].shape != wanted[key].shape]
    problems = [
        f"{len(keys)} {what} ({_first(keys)})"
        for keys, what in (
            (missing, "missing"),
            (unexpected, "that the network doesn't have"),
            ([f"{k}: {_by(state[k])} for {_by(wanted[k])}" for k in misshaped], "of another shape"),
        )
        if keys
    ]
    fitting = len(wanted.keys() & state.keys()) - len(misshaped)
    if problems and (not partial or not fitting):
        remedy = "partial=True loads what fits" if fitting else "nothing fits: is it another network's?"
        raise ValueError(f"the weights {source} don't fit {type(module).__name__}: {'; '.join(problems)}; {remedy}")
    chosen = _renamed(state, {key: key for key in state if key in wanted and key not in misshaped})
    module.load_state_dict(chosen, strict=False)
    stayed = tuple(key for key in wanted if key in {*missing, *misshaped})
    if problems:
        warnings.warn(
            f"partial weights {source}: {fitting} entries loaded, {len(stayed)} stay random: {'; '.join(problems)}",
            stacklevel=3,
        )
    return stayed


def eye_in(path: Path) -> Eye | None:
    """The Eye that a ``.safetensors`` file states in its metadata, None where it states none.

    Parameters
    ----------
    path : Path
        A file whose metadata has the text entries channels, pixels, mean and std (numbers separated by spaces), and
        may have range and degrees: what ``cortexcnn train`` writes.
    """
    if path.suffix != ".safetensors":
        return None
    with safe_open(path, framework="pt") as file:
        said = file.metadata() or {}
    if not {"channels", "pixels", "mean", "std"} <= said.keys():
        return None
    numbers = {key: tuple(float(n) for n in said[key].split()) for key in ("mean", "std", "range") if key in said}
    degrees = {"degrees": float(said["degrees"])} if "degrees" in said else {}
    return Eye(channels=int(said["channels"]), pixels=int(said["pixels"]), **numbers, **degrees)  # type: ignore[arg-type]


def _safetensors(path: Path) -> dict[str, torch.Tensor]:
    try:
        with safe_open(path, framework="pt") as file:
            return {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (no mapping)
    except SafetensorError as error:
        raise ValueError(f"{path} is damaged or no safetensors file: {error}") from error


def _pickled(path: Path) -> Any:
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise ValueError(
            f"{path} needs more than tensors to be read, and a pickle can run any code: refused. "
            "Where it comes from, save only the state dict: torch.save(module.state_dict(), path)"
        ) from error
    except (RuntimeError, EOFError, OSError, ValueError) as error:
        raise ValueError(
            f"{path} is damaged or no file of torch.save: {next(iter(str(error).splitlines()), 'empty')}"
        ) from error


def _renamed(state: Mapping[str, torch.Tensor], names: Mapping[str, str]) -> dict[str, torch.Tensor]:
    """The entries of ``names`` under new names; a shallow copy, so that the versions that torch notes come along."""
    renamed: Any = copy.copy(state)
    renamed.clear()
    renamed.update({name: state[key] for key, name in names.items()})
    return renamed


def _first(keys: Iterable[str], most: int = 4) -> str:
    keys = list(keys)
    return ", ".join(keys[:most]) + (", …" if len(keys) > most else "")


def _by(tensor: torch.Tensor) -> str:
    return "×".join(str(size) for size in tensor.shape) or "a number"


def _kinds() -> str:
    return ", ".join(SUFFIXES[:-1]) + f" or {SUFFIXES[-1]}"


def _described(state: Any) -> str:
    if isinstance(state, Mapping):
        return f"a mapping of {_first(str(key) for key in state) or 'nothing'}"
    return f"a {type(state).__name__}"
