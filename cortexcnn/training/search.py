"""Hyper-parameter search: many short runs, each with an architecture and a recipe that the earlier ones suggest.

Optuna chooses what to try next and stops what is not promising; the study lies in a SQLite file, so that a search that
was interrupted goes on where it was.
"""

from __future__ import annotations

import inspect
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import torch
import xarray as xr
from torch import nn
from tqdm import tqdm

from cortexcnn.arrays import content_hash
from cortexcnn.training.files import whole
from cortexcnn.training.images import LabelledImages, split
from cortexcnn.training.loop import train
from cortexcnn.training.weights import save_weights

if TYPE_CHECKING:
    from optuna import Study, Trial

__all__ = ["RECIPE", "Range", "search"]

_FILES = ("study.sqlite", "trials.csv", "best.safetensors")
_OURS = {"validation", "epochs", "seed", "out", "overwrite", "resume", "after_epoch", "progress", "metadata", "fabric"}
RECIPE = {
    name for name, option in inspect.signature(train).parameters.items() if option.kind == option.KEYWORD_ONLY
} - _OURS
"""What of a training run may be chosen or given; the rest of its options are the search's own."""


@dataclass(frozen=True)
class Range:
    """Numbers to choose from.

    Parameters
    ----------
    low, high : float
        Both ends, included.
    log : bool
        Whether ratios count rather than differences: for learning rates and decays.
    whole : bool
        Whole numbers only.

    Raises
    ------
    ValueError
        If the range is empty, or logarithmic from zero or less.

    Examples
    --------
    >>> Range(1e-3, 0.3, log=True), Range(2, 6, whole=True)
    (Range(low=0.001, high=0.3, log=True, whole=False), Range(low=2, high=6, log=False, whole=True))
    """

    low: float
    high: float
    log: bool = False
    whole: bool = False

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise ValueError(f"a range from {self.low} to {self.high}: low is less than high")
        if self.log and self.low <= 0:
            raise ValueError(f"a logarithmic range from {self.low}: it starts above 0")


Space = Mapping[str, "Range | Sequence[Any]"]


def search(
    build: Callable[..., nn.Module],
    images: LabelledImages,
    *,
    space: Space,
    out: str | Path,
    validation: LabelledImages | None = None,
    trials: int = 30,
    epochs: int = 10,
    seed: int = 0,
    describe: Callable[[nn.Module], Mapping[str, float]] | None = None,
    overwrite: bool = False,
    resume: bool = False,
    progress: bool = True,
    **recipe: Any,
) -> xr.Dataset:
    """Look for a network and a recipe of training that do well on images kept aside.

    The first ten trials are drawn by chance, the others by a tree-structured Parzen estimator [1]_; a trial that is
    worse, at some epoch, than the median of the earlier ones at that epoch is stopped. What is found was chosen by the
    validation images: the accuracy to publish is that on others, of networks trained anew with other seeds.

    Parameters
    ----------
    build : callable
        Makes a network from what is chosen of the space; ``classes`` and ``channels`` it gets too, if it takes them.
        It may refuse a combination by a ValueError, which is noted.
    images : LabelledImages
        What is learned from.
    space : mapping
        By name, a :class:`Range` or a sequence of choices. Names that :func:`~cortexcnn.training.train` takes (rate,
        decay, batch, …) go to it, all others to ``build``.
    out : str or Path
        Folder for ``study.sqlite``, ``trials.csv`` and ``best.safetensors``.
    validation : LabelledImages, optional
        What trials are judged by; a fifth of each class of the images by default, which is then not learned from.
    trials, epochs : int
        How many trials, those of an interrupted search included, and how long each is.
    seed : int
        Of the weights that each trial starts from, of its training, and of the choices.
    describe : callable, optional
        Further numbers about each network, to be written beside its accuracy.
    overwrite, resume : bool
        Replace the search that is in ``out``, or go on with it.
    progress : bool
        Show a bar on the error stream, if that is a terminal.
    **recipe
        Options of ``train`` that all trials share.

    Returns
    -------
    Dataset (trial)
        ``validation_accuracy`` (of the last epoch that was trained), ``state`` (complete, pruned, refused, diverged,
        interrupted), ``epochs``, ``seconds``, ``parameters``, what was described, and each choice under its name. The
        attribute ``best`` is the best complete trial.

    Raises
    ------
    ImportError
        If Optuna is not installed: says how.
    ValueError
        If the space is empty, a name of the recipe is unknown, the folder holds another search, or every trial was
        refused or diverged.
    FileExistsError
        If the folder holds a search and neither ``overwrite`` nor ``resume`` is asked for.

    References
    ----------
    .. [1] Bergstra, Bardenet, Bengio & Kégl (2011), NeurIPS 24; Akiba et al. (2019), Optuna, KDD.

    Examples
    --------
    >>> import tempfile
    >>> from cortexcnn.training import digits
    >>> def line(width, classes): return nn.Sequential(nn.Flatten(), nn.Linear(64, width), nn.Linear(width, classes))
    >>> space = {"width": Range(2, 20, whole=True), "rate": Range(0.01, 1, log=True)}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     found = search(line, digits()[0], space=space, trials=2, epochs=1, flip=False, out=folder, progress=False)
    >>> found.sizes["trial"], sorted(found.data_vars)
    (2, ['epochs', 'parameters', 'rate', 'reason', 'seconds', 'state', 'validation_accuracy', 'width'])
    """
    _check(space, recipe)
    if validation is None:
        images, validation = split(images, test=0.2, seed=seed)
    if resume and overwrite:
        raise ValueError("resume goes on with the search in out, overwrite replaces it: say one of them")
    folder = _folder(Path(out), overwrite=overwrite, resume=resume)
    asked = {
        "space": {name: asdict(c) if isinstance(c, Range) else list(c) for name, c in space.items()},
        "epochs": epochs,
        "seed": seed,
        "recipe": {name: str(value) for name, value in sorted(recipe.items())},
        "images": content_hash(*(x.cpu().numpy() for part in (images, validation) for x in (part.pixels, part.labels))),
    }
    with _optuna(folder, asked, seed) as study:
        objective = _Objective(build, images, validation, space, epochs, seed, describe, recipe, folder)
        left = trials - len(_finished(study))
        bar = tqdm(
            total=trials, initial=trials - left, unit="trial", file=sys.stderr, disable=None if progress else True
        )
        with bar:
            for _ in range(left):
                study.optimize(objective, n_trials=1)
                bar.update()
                found = _table(study)
                with whole(folder / "trials.csv") as part:
                    found.to_dataframe().to_csv(part)
        found = _table(study)
    if not (found["state"] == "complete").any():
        reasons = ", ".join(sorted({str(state) for state in found["state"].values}))
        raise ValueError(f"no trial came to its end ({reasons}); trials.csv in {folder} says why: change the space")
    return found


def _check(space: Space, recipe: Mapping[str, Any]) -> None:
    if not space:
        raise ValueError("an empty space: give at least one name with a Range or a list of choices")
    empty = [name for name, choices in space.items() if not isinstance(choices, Range) and not len(choices)]
    if empty:
        raise ValueError(f"no choices for {', '.join(empty)}")
    unknown = sorted(recipe.keys() - RECIPE)
    if unknown:
        raise ValueError(f"train takes no {', '.join(unknown)}; what goes to build stands in the space")
    twice = sorted(recipe.keys() & space.keys())
    if twice:
        raise ValueError(f"{', '.join(twice)} both in the space and given: leave one out")


def _folder(folder: Path, *, overwrite: bool, resume: bool) -> Path:
    """The folder, empty of searches or with the one that is to go on."""
    there = [name for name in _FILES if (folder / name).exists()]
    if there and overwrite:
        for name in there:
            (folder / name).unlink()
    elif there and not resume:
        raise FileExistsError(
            f"{folder} holds a search already ({', '.join(there)}): go on with it by resume, replace it by overwrite, "
            "or choose another folder"
        )
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def _optuna(folder: Path, asked: Mapping[str, Any], seed: int) -> Iterator[Study]:
    """The study in the folder; Optuna's own talk is turned down meanwhile."""
    try:
        import optuna  # noqa: PLC0415 (an extra)
    except ImportError as error:
        raise ImportError("hyper-parameter search needs Optuna: pip install cortexcnn[search]") from error
    loudness = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    storage = optuna.storages.RDBStorage(f"sqlite:///{folder / 'study.sqlite'}")
    try:
        study = optuna.create_study(storage=storage, study_name="cortexcnn", direction="maximize", load_if_exists=True)
        before = study.user_attrs.get("asked")
        if before is not None and before != json.loads(json.dumps(asked)):
            other = [name for name in asked if before.get(name) != json.loads(json.dumps(asked[name]))]
            raise ValueError(
                f"{folder} holds a search of other {' and '.join(other)}: "
                "resume with the same, or choose another folder"
            )
        study.set_user_attr("asked", asked)
        # a seed for each go, or a search that goes on would draw its first choices again
        study.sampler = optuna.samplers.TPESampler(seed=seed + len(study.trials))
        study.pruner = optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=1)
        yield study
    finally:
        storage.engine.dispose()
        optuna.logging.set_verbosity(loudness)


@dataclass(frozen=True)
class _Objective:
    """One trial: choose, build, train, and say how well it did."""

    build: Callable[..., nn.Module]
    images: LabelledImages
    validation: LabelledImages
    space: Space
    epochs: int
    seed: int
    describe: Callable[[nn.Module], Mapping[str, float]] | None
    recipe: Mapping[str, Any]
    folder: Path

    def __call__(self, trial: Trial) -> float:
        """The validation accuracy of the last epoch."""
        from optuna import TrialPruned  # noqa: PLC0415 (an extra)

        began = time.perf_counter()
        chosen = {name: _choose(trial, name, choices) for name, choices in self.space.items()}
        try:
            module = self._built({name: value for name, value in chosen.items() if name not in RECIPE})
        except ValueError as error:
            trial.set_user_attr("state", "refused")
            trial.set_user_attr("reason", str(error))
            raise TrialPruned from error
        trial.set_user_attr("parameters", sum(weight.numel() for weight in module.parameters()))
        for name, value in (self.describe(module) if self.describe else {}).items():
            trial.set_user_attr(f"described {name}", float(value))

        reached: list[float] = []

        def after_epoch(row: Mapping[str, float]) -> None:
            reached.append(row["validation_accuracy"])
            trial.report(reached[-1], len(reached))
            trial.set_user_attr("seconds", time.perf_counter() - began)
            if len(reached) < self.epochs and trial.should_prune():
                raise TrialPruned

        try:
            train(
                module,
                self.images,
                validation=self.validation,
                epochs=self.epochs,
                seed=self.seed,
                after_epoch=after_epoch,
                progress=False,
                **{**self.recipe, **{name: value for name, value in chosen.items() if name in RECIPE}},
            )
        except FloatingPointError as error:
            trial.set_user_attr("state", "diverged")
            trial.set_user_attr("reason", str(error))
            raise TrialPruned from error
        self._keep(module, reached[-1], trial, chosen)
        return reached[-1]

    def _built(self, chosen: Mapping[str, Any]) -> nn.Module:
        """A network with an output for each class and an input for each channel; the global seed is put back."""
        taken = inspect.signature(self.build).parameters
        anything = any(option.kind == option.VAR_KEYWORD for option in taken.values())
        known = {"classes": len(self.images.classes), "channels": self.images.channels}
        given = {name: value for name, value in known.items() if name in taken or anything}
        with torch.random.fork_rng([]):
            torch.default_generator.manual_seed(self.seed)
            return self.build(**chosen, **given)

    def _keep(self, module: nn.Module, accuracy: float, trial: Trial, chosen: Mapping[str, Any]) -> None:
        """Keep the weights of the best trial so far."""
        before = [other.value for other in trial.study.get_trials(deepcopy=False) if other.value is not None]
        if not before or accuracy > max(before):
            facts = {"trial": trial.number, "validation_accuracy": accuracy, **chosen}
            save_weights(module, self.folder / "best.safetensors", **facts)


def _choose(trial: Trial, name: str, choices: Range | Sequence[Any]) -> Any:
    if not isinstance(choices, Range):
        return trial.suggest_categorical(name, list(choices))
    if choices.whole:
        return trial.suggest_int(name, int(choices.low), int(choices.high), log=choices.log)
    return trial.suggest_float(name, choices.low, choices.high, log=choices.log)


def _finished(study: Study) -> list[Any]:
    """Trials that need not be done again."""
    return [trial for trial in study.trials if trial.state.name in ("COMPLETE", "PRUNED")]


def _table(study: Study) -> xr.Dataset:
    """All trials."""
    rows = []
    for trial in study.trials:
        state = {"COMPLETE": "complete", "PRUNED": "pruned"}.get(trial.state.name, "interrupted")
        reached = trial.intermediate_values
        rows.append(
            {
                "validation_accuracy": reached[max(reached)] if reached else np.nan,
                "state": trial.user_attrs.get("state", state),
                "reason": trial.user_attrs.get("reason", ""),
                "epochs": len(reached),
                "seconds": trial.user_attrs.get("seconds", np.nan),
                "parameters": trial.user_attrs.get("parameters", np.nan),
                **{
                    name.removeprefix("described "): value
                    for name, value in trial.user_attrs.items()
                    if name.startswith("described ")
                },
                **trial.params,
            }
        )
    found = pd.DataFrame(rows, index=pd.RangeIndex(len(rows), name="trial")).to_xarray()
    for name, drawn in ((name, drawn) for trial in study.trials for name, drawn in trial.distributions.items()):
        found[name].attrs["scale"] = "log" if getattr(drawn, "log", False) else "linear"
    complete = np.flatnonzero(found["state"].values == "complete")
    if not len(complete):
        return found
    return found.assign_attrs(best=int(complete[found["validation_accuracy"].values[complete].argmax()]))
