"""What a run leaves behind: its history, its checkpoint, its best weights, and the weights on the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from cortexcnn.training.images import LabelledImages
from cortexcnn.training.runs import (
    open_folder,
    read_checkpoint,
    restore,
    snapshot_file,
    write_checkpoint,
    write_log,
)
from cortexcnn.training.settings import Settings
from cortexcnn.training.steps import Run
from cortexcnn.training.weights import save_weights

__all__ = ["Keeper", "best_epoch", "is_over", "run_facts"]


def best_epoch(history: Sequence[Mapping[str, float]], settings: Settings) -> int:
    """The epoch, from 1, whose weights are kept: the last, or where a run may stop early, that of the lowest loss."""
    if not settings.patience:
        return len(history)
    losses = [row["validation_loss"] for row in history]
    return losses.index(min(losses)) + 1


def is_over(history: Sequence[Mapping[str, float]], settings: Settings) -> bool:
    """Whether nothing is left to be done."""
    waited = len(history) - best_epoch(history, settings) if history else 0
    return len(history) >= settings.epochs or (settings.patience > 0 and waited >= settings.patience)


class Keeper:
    """Keeps what a run finds, in its folder if it has one; of several processes only the first writes.

    Parameters
    ----------
    run : Run
        What is kept.
    out : str, Path or None
        Where to; without one only the best weights are kept, in memory.
    facts : mapping
        What is written beside the weights.
    snapshots : sequence of float
        Moments, in epochs, at which the weights are kept.
    tensorboard : bool
        Whether TensorBoard's files are written too.
    """

    def __init__(
        self,
        run: Run,
        out: str | Path | None,
        *,
        facts: Mapping[str, object],
        snapshots: Sequence[float] = (),
        tensorboard: bool = False,
    ) -> None:
        wrong = [moment for moment in snapshots if not 0 <= moment <= run.settings.epochs]
        if wrong:
            raise ValueError(f"a snapshot after {wrong[0]} epochs: the run has {run.settings.epochs}, and starts at 0")
        if out is None and (snapshots or tensorboard):
            raise ValueError("snapshots and TensorBoard's files are kept in the folder of the run: give out")
        self.run, self.facts = run, facts
        self.folder = None if out is None else Path(out)
        self.place = self.folder if run.engine.rank == 0 else None
        self.moments = {round(moment * run.steps): moment for moment in snapshots}
        self.best: dict[str, torch.Tensor] = {}
        self.kept = 0  # epochs that the checkpoint has behind it
        self.board = _board(self.place) if tensorboard and self.place else None

    def begin(self, *, overwrite: bool, resume: bool) -> list[dict[str, float]]:
        """Make the folder ready; a resumed run gets its weights and optimiser back. Returns the epochs behind it."""
        if not resume:
            if self.place is not None:
                open_folder(self.place, overwrite=overwrite)
            self.at(0)
            return []
        if self.folder is None or overwrite:
            raise ValueError("resume goes on with the run in out: give out, and not overwrite")
        checkpoint = read_checkpoint(self.folder / "checkpoint.pt", self.run.settings)
        restore(self.run.module, checkpoint["module"], source=self.folder / "checkpoint.pt")
        self.run.mover.load_state_dict(checkpoint["optimiser"])
        self.run.engine.restore(checkpoint["scale"])
        self.best, history = checkpoint.get("best", {}), checkpoint["history"]
        self.kept = len(history)
        return history

    def at(self, step: int) -> None:
        """Keep the weights, if this is a moment at which they were asked for."""
        if self.place is not None and step in self.moments:
            moment = self.moments[step]
            path = snapshot_file(self.place, moment)
            path.parent.mkdir(exist_ok=True)
            save_weights(self.run.module, path, **{**self.facts, "epochs_done": moment})

    def after(self, history: list[dict[str, float]]) -> None:
        """Keep what is there after an epoch."""
        settings, module = self.run.settings, self.run.module
        newest = best_epoch(history, settings) == len(history)
        if settings.patience and newest:
            self.best = {name: tensor.detach().clone() for name, tensor in module.state_dict().items()}
        if self.place is None:
            return
        write_checkpoint(
            self.place / "checkpoint.pt",
            {
                "module": module.state_dict(),
                "optimiser": self.run.mover.state_dict(),
                "scale": self.run.engine.state(),
                "best": self.best,
                "history": history,
                "settings": asdict(settings),
            },
        )
        self.kept = len(history)
        write_log(self.place / "log.csv", history)
        if newest:
            accuracy = history[-1].get("validation_accuracy")
            found = {} if accuracy is None else {"test_accuracy": accuracy}
            save_weights(
                module, self.place / "weights.safetensors", **{"epochs_done": len(history), **found, **self.facts}
            )
        if self.board:
            for name, value in history[-1].items():
                self.board.add_scalar(name, value, len(history))
            self.board.flush()

    def finish(self) -> None:
        """Give the network its best weights, if they are not its last ones."""
        if self.best:
            self.run.module.load_state_dict(self.best)
        if self.board:
            self.board.close()


def run_facts(run: Run, validation: LabelledImages | None) -> dict[str, object]:
    """What should be known about the weights: their eye, their images, their making."""
    settings = asdict(run.settings)
    facts = {
        "classes": run.images.classes,
        "data": f"{len(run.images)} {run.images.source}",
        "trained_by": f"cortexcnn {version('cortexcnn')}, torch {torch.__version__}",
        "pixels": run.images.size,
        **{name: settings[name] for name in settings if name != "images"},
    }
    eye = {
        name: getattr(run.eye, name)
        for name in ("channels", "mean", "std", "range", "pixels", "degrees")
        if hasattr(run.eye, name)
    }
    tested = {} if validation is None else {"tested_on": f"{len(validation)} {validation.source}"}
    return {**facts, **eye, **tested}


def _board(folder: Path) -> Any:
    """TensorBoard's writer."""
    try:
        from torch.utils.tensorboard import SummaryWriter  # noqa: PLC0415 (an extra)
    except ImportError as error:
        raise ImportError("TensorBoard is not installed: pip install tensorboard, or leave tensorboard out") from error
    return SummaryWriter(str(folder / "tensorboard"))
