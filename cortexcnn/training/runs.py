"""The folder of a training run: a log to look at, weights to use, and a checkpoint to go on from.

=======================  ==================================================================================
file                     content
=======================  ==================================================================================
``log.csv``              a row an epoch
``weights.safetensors``  the weights after the last epoch, with what should be known about them
``checkpoint.pt``        all that is needed to go on: weights, optimiser, history, settings
=======================  ==================================================================================

Every file is written beside its place and then moved there: an interruption leaves the last whole one.
"""

from __future__ import annotations

import csv
import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from cortexcnn.training.settings import Settings

__all__ = ["COLUMNS", "open_folder", "read_checkpoint", "restore", "write_checkpoint", "write_log"]

COLUMNS = ("train_loss", "train_accuracy", "validation_loss", "validation_accuracy", "rate", "seconds")
"""What is measured in every epoch."""

_FILES = ("checkpoint.pt", "log.csv", "weights.safetensors")
_KEYS = {"module", "optimiser", "history", "settings"}


def open_folder(folder: Path, *, overwrite: bool) -> None:
    """Make the folder ready for a new run; an earlier run in it is refused or removed, as was asked.

    Raises
    ------
    FileExistsError
        If it holds a run and ``overwrite`` was not asked for.
    """
    folder.mkdir(parents=True, exist_ok=True)
    there = [name for name in _FILES if (folder / name).exists()]
    if not there:
        return
    if not overwrite:
        raise FileExistsError(
            f"{folder} holds a run already ({', '.join(there)}): go on with it by resume, replace it by overwrite, "
            "or choose another folder"
        )
    for name in there:
        (folder / name).unlink()


def write_checkpoint(path: Path, checkpoint: Mapping[str, Any]) -> None:
    """Write tensors, numbers, text, and lists and mappings of these."""
    part = path.with_name(path.name + ".part")
    torch.save(dict(checkpoint), part)
    part.replace(path)


def read_checkpoint(path: Path, settings: Settings) -> dict[str, Any]:
    """Read a checkpoint of a run with the same settings; nothing in the file is ever executed.

    Raises
    ------
    FileNotFoundError
        If there is none.
    ValueError
        If the file is no checkpoint, or that of a run with other settings: names them.
    """
    if not path.is_file():
        raise FileNotFoundError(f"no checkpoint {path} to go on from; start the run without resume")
    if not zipfile.is_zipfile(path):
        raise ValueError(f"{path} is no checkpoint of a training run: not a file of torch.save")
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError) as error:
        raise ValueError(f"{path} is no checkpoint that can be read safely: {str(error).splitlines()[0]}") from error
    if not isinstance(checkpoint, dict) or not checkpoint.keys() >= _KEYS:
        raise ValueError(f"{path} is no checkpoint of a training run")
    differences = settings.differences(checkpoint["settings"])
    if differences:
        raise ValueError(
            f"{path} is of a run with other settings ({'; '.join(differences)}): "
            "resume with the same ones, or start a new run in another folder"
        )
    return checkpoint


def restore(module: nn.Module, weights: Mapping[str, torch.Tensor], *, source: Path) -> None:
    """Put the weights of a checkpoint into a network, or refuse those of another architecture.

    Raises
    ------
    ValueError
        If names or shapes differ: says which.
    """
    ours = module.state_dict()
    shapes = {
        f"{name} {tuple(weights[name].shape)} for {tuple(ours[name].shape)}"
        for name in ours.keys() & weights.keys()
        if weights[name].shape != ours[name].shape
    }
    parts = ((ours.keys() - weights.keys(), "lacks"), (weights.keys() - ours.keys(), "has besides"), (shapes, "has"))
    problems = [
        f"it {verb} {', '.join(sorted(names)[:5])}{', …' if len(names) > 5 else ''}" for names, verb in parts if names
    ]
    if problems:
        raise ValueError(f"{source} is a checkpoint of another architecture: {'; '.join(problems)}")
    module.load_state_dict(weights)


def write_log(path: Path, history: list[dict[str, float]]) -> None:
    """Write the table of epochs."""
    part = path.with_name(path.name + ".part")
    with part.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(("epoch", *COLUMNS))
        table.writerows((epoch, *(row.get(name, "") for name in COLUMNS)) for epoch, row in enumerate(history, start=1))
    part.replace(path)
