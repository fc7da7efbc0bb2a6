"""Networks that see films: an axis of time between channels and rows, as torchvision's video models have it.

Only such a network can tell a direction of motion. The others answer every frame by itself.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
import torchvision
from torch import nn

from cortexcnn.arrays import content_hash
from cortexcnn.choices import nearest
from cortexcnn.models.eye import Eye
from cortexcnn.models.load import seeded
from cortexcnn.models.weights import fit, read
from cortexcnn.screen import Screen

__all__ = ["FilmNetwork", "film_names", "load_film"]

_EYE = Eye(channels=3, mean=(0.43216, 0.394666, 0.37645), std=(0.22803, 0.22145, 0.216989), pixels=112)
"""Of torchvision's networks for the films of Kinetics-400."""


class FilmNetwork:
    """A module that takes films, and the Eye in front of it.

    Parameters
    ----------
    module : nn.Module
        Takes (row, channel, time, y, x). It is put in evaluation mode and otherwise left alone.
    eye : Eye
        Turns the luminance of each frame into the module's input.
    frames : int
        How many frames it is shown at once.
    name, weights : str
        What results call it, and its weights.

    Examples
    --------
    >>> network = FilmNetwork(nn.Conv3d(1, 2, 3), Eye(channels=1, pixels=16, degrees=4), frames=8, name="mine")
    >>> network(torch.rand(5, 8, 1, 16, 16)).shape
    torch.Size([5, 2, 6, 14, 14])
    """

    def __init__(self, module: nn.Module, eye: Eye, *, frames: int, name: str, weights: str = "as given") -> None:
        if frames < 2:
            raise ValueError(f"a film of {frames} frames: 2 at least")
        self.module, self.eye, self.frames = module.eval(), eye, frames
        self.name, self.weights = name, weights

    def __repr__(self) -> str:
        return (
            f"FilmNetwork {self.name}, weights {self.weights}: {self.frames} frames of {self.eye.pixels} pixels "
            f"spanning {self.eye.degrees:g} degrees"
        )

    def __call__(self, luminance: torch.Tensor) -> Any:
        """The module's answer to luminance (row, time, channel, y, x), brought to its device and dtype."""
        first = next(self.module.parameters())
        frames = self.eye(luminance.to(first.device, first.dtype).flatten(0, 1))
        return self.module(frames.unflatten(0, luminance.shape[:2]).transpose(1, 2))

    @property
    def screen(self) -> Screen:
        """The screen that fills the network's view."""
        return self.eye.screen

    def hashes(self) -> dict[str, str]:
        """Content hashes of weights and eye."""
        state = {name: tensor.detach().cpu().numpy() for name, tensor in self.module.state_dict().items()}
        return {"weights_hash": content_hash(state), "eye_hash": self.eye.hash()}


def film_names() -> list[str]:
    """Torchvision's networks for films.

    Examples
    --------
    >>> "r3d_18" in film_names()
    True
    """
    return list(torchvision.models.list_models(module=torchvision.models.video))


def load_film(
    name: str,
    *,
    weights: str | Path = "default",
    degrees: float | None = None,
    frames: int = 16,
    device: str | torch.device = "cpu",
    seed: int = 0,
) -> FilmNetwork:
    """Load one of torchvision's video models behind its Eye.

    Parameters
    ----------
    name : str
        One of :func:`film_names`.
    weights : str or Path
        "default": as published (fetched by torchvision once), "none": random, else a file.
    degrees : float, optional
        Visual angle that the input spans: 8 unless said.
    frames : int
        Of a film; 16, as the convolutional ones were trained.
    device : str or torch.device
        Where the module goes.
    seed : int
        Of random weights.

    Returns
    -------
    FilmNetwork

    Raises
    ------
    ValueError
        If there is no such network, or the weights don't fit.

    Examples
    --------
    >>> load_film("r3d_17", weights="none")
    Traceback (most recent call last):
        ...
    ValueError: no network for films 'r3d_17'; there are mc3_18, ... Did you mean 'r3d_18'?
    """
    if name not in film_names():
        raise ValueError(
            f"no network for films {name!r}; there are {', '.join(film_names())}.{nearest(name, film_names())}"
        )
    published = torchvision.models.get_model_weights(name)["DEFAULT"] if weights == "default" else None
    with seeded(seed):
        module = torchvision.models.get_model(name, weights=published)
    if str(weights) not in ("default", "none"):
        fit(module, read(Path(weights)), source=Path(weights).name, partial=False)
    label = str(weights) if str(weights) in ("default", "none") else Path(weights).name
    return FilmNetwork(module.to(device), _EYE.changed(degrees=degrees), frames=frames, name=name, weights=label)
