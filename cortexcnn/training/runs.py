"""The folder of a training run: a log to look at, weights to use, and a checkpoint to go on from.

==========================  ===============================================================================
file                        content
==========================  ===============================================================================
``log.csv``                 a row an epoch
``weights.safetensors``     the weights after the last epoch, or the best ones where a run may stop early, with
                            what should be known about them
``checkpoint.pt``           all that is needed to go on: weights, optimiser, history, settings
``checkpoint_before.pt``    the one before it, should it ever be damaged
``snapshots/``              weights on the way, where they were asked for
``tensorboard/``            what TensorBoard reads, where it was asked for
==========================  ===============================================================================

Every file is written beside its place and then moved there: an interruption leaves the last whole one.
"""

from __future__ import annotations

import csv
import pickle
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from cortexcnn.training.files import whole
from cortexcnn.training.settings import Settings

__all__ = [
    "COLUMNS",
    "open_folder",
    "read_checkpoint",
    "restore",
    "snapshot_file",
    "snapshots",
    "write_checkpoint",
    "write_log",
]

COLUMNS = (
    "train_loss",
    "train_accuracy",
    "validation_loss",
    "validation_accuracy",
    "validation_balanced_accuracy",
    "rate",
    "seconds",
)
"""What is measured in every epoch."""

_FILES = ("checkpoint.pt", "checkpoint_before.pt", "log.csv", "weights.safetensors")
_PARTS = ("snapshots/epoch_*.safetensors", "tensorboard/events.out.tfevents.*")
_KEYS = {"module", "optimiser", "scale", "history", "settings"}


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
    for file in [folder / name for name in there] + [file for part in _PARTS for file in folder.glob(part)]:
        file.unlink()


def snapshot_file(folder: Path, epoch: float) -> Path:
    """Where the weights of a moment of the run are kept: ``snapshots/epoch_0002.500.safetensors``.

    Examples
    --------
    >>> snapshot_file(Path("run"), 2.5).name
    'epoch_0002.500.safetensors'
    """
    return folder / "snapshots" / f"epoch_{epoch:08.3f}.safetensors"


def snapshots(folder: str | Path) -> dict[float, Path]:
    """The weights that a run has kept on its way, by the moment in epochs.

    Parameters
    ----------
    folder : str or Path
        Of the run, which was asked for snapshots.

    Returns
    -------
    dict of float to Path
        In the order of time. Of moments that fall on the same step one is kept.

    Raises
    ------
    FileNotFoundError
        If the run has kept none.
    """
    files = sorted((Path(folder) / "snapshots").glob("epoch_*.safetensors"))
    if not files:
        raise FileNotFoundError(f"no snapshots in {folder}: train with snapshots, e.g. snapshots=(0, 0.1, 1, 10)")
    return {float(file.stem.removeprefix("epoch_")): file for file in files}


def write_checkpoint(path: Path, checkpoint: Mapping[str, Any]) -> None:
    """Write tensors, numbers, text, and lists and mappings of these; the checkpoint before it is kept beside it.

    Raises
    ------
    OSError
        If it can't be written, as on a disk that is full; what was there before stays.
    """
    with whole(path) as part:
        torch.save(dict(checkpoint), part)
        if path.exists():
            path.replace(_before(path))


def read_checkpoint(path: Path, settings: Settings) -> dict[str, Any]:
    """Read a checkpoint of a run with the same settings; nothing in the file is ever executed.

    Where the file is damaged or missing and the one before it is whole, that one is read, with a warning.

    Raises
    ------
    FileNotFoundError
        If there is none.
    ValueError
        If the file is no checkpoint, or that of a run with other settings: names them.
    """
    if not path.is_file() and not _before(path).is_file():
        raise FileNotFoundError(f"no checkpoint {path} to go on from; start the run without resume")
    try:
        checkpoint = _read(path)
    except (ValueError, FileNotFoundError) as damaged:
        try:
            checkpoint = _read(_before(path))
        except (ValueError, FileNotFoundError):
            raise damaged from None
        warnings.warn(f"{damaged}: going on from {_before(path).name}, one epoch earlier", stacklevel=2)
    differences = settings.differences(checkpoint["settings"])
    if differences:
        raise ValueError(
            f"{path} is of a run with other settings ({'; '.join(differences)}): "
            "resume with the same ones, or start a new run in another folder"
        )
    return checkpoint


def _before(path: Path) -> Path:
    return path.with_name(f"{path.stem}_before{path.suffix}")


def _read(path: Path) -> dict[str, Any]:
    """The content of a checkpoint, or an error that says why it is none."""
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing")
    if not zipfile.is_zipfile(path):
        raise ValueError(f"{path} is no checkpoint of a training run: not a file of torch.save, or one cut short")
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError) as error:
        raise ValueError(f"{path} is no checkpoint that can be read safely: {str(error).splitlines()[0]}") from error
    if not isinstance(checkpoint, dict) or not checkpoint.keys() >= _KEYS:
        raise ValueError(f"{path} is no checkpoint of a training run")
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
    """Write the table of epochs.

    Raises
    ------
    OSError
        If it can't be written; what was there before stays.
    """
    with whole(path) as part, part.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(("epoch", *COLUMNS))
        table.writerows((epoch, *(row.get(name, "") for name in COLUMNS)) for epoch, row in enumerate(history, start=1))
