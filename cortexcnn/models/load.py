"""Networks by name: torchvision's, the project's own, and the user's, each with its weights and behind its Eye."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.error import URLError

import torch
import torchvision
from torch import nn

from cortexcnn.models.eye import Eye
from cortexcnn.models.network import Network
from cortexcnn.models.weights import eye_in, fit, read
from cortexcnn.shipped import shipped

__all__ = ["OWN", "load", "names"]

OWN = {
    "cortexnet": ("cortexcnn.models.cortexnet:cortexnet", "cortexnet.safetensors"),
    "classical_v1": ("cortexcnn.models.classical_v1:classical_v1", None),
}
"""The project's own networks: the factory, and the shipped file with its weights (None: it comes built)."""


def names() -> list[str]:
    """Every network that :func:`load` knows by name.

    Returns
    -------
    list of str
        The project's own, then torchvision's classification networks.

    Examples
    --------
    >>> names()[:3]
    ['cortexnet', 'classical_v1', 'alexnet']
    """
    return [*OWN, *torchvision.models.list_models(module=torchvision.models)]


def load(
    name: str,
    *,
    weights: str | Path = "default",
    degrees: float | None = None,
    pixels: int | None = None,
    eye: Eye | None = None,
    device: str | torch.device = "cpu",
    seed: int = 0,
    partial: bool = False,
    classes: int | None = None,
) -> Network:
    """Load a network by name, with its weights, behind its Eye.

    Parameters
    ----------
    name : str
        A classification network of ``torchvision.models``; ``cortexnet`` or ``classical_v1``, which come with the
        project; or ``package.module:factory``, a callable without arguments that returns an ``nn.Module`` or a
        :class:`Network` (the current folder is searched, as ``python -m`` does).
    weights : str or Path
        "default": as published (fetched by torchvision once), shipped, or as the factory builds them; "none": random
        ones; else a ``.pth``, ``.pt`` or ``.safetensors`` file.
    degrees : float, optional
        Visual angle that the input spans: 8, unless the network's own Eye says otherwise.
    pixels : int, optional
        Side of the input: what the network was published with, unless said here.
    eye : Eye, optional
        In place of the network's own. Needed where the network has none: a user's module without an attribute ``eye``.
    device : str or torch.device
        Where the module goes.
    seed : int
        Of random weights. No global random state is changed.
    partial : bool
        Load a file that lacks some entries or has others: what fits is loaded, with a warning; which layers hang on
        what stayed random is in the table of layers, column ``random``.
    classes : int, optional
        Outputs of the last layer, for training on other classes than the published ones: random weights or a file. A
        factory must take it as an argument of that name.

    Returns
    -------
    Network
        In evaluation mode.

    Raises
    ------
    ValueError
        If the name is unknown (the nearest are named), the weights don't fit or can't be read safely, or there is no
        Eye.
    FileNotFoundError
        If the weights file is not there.
    ConnectionError
        If published weights can't be fetched.

    Examples
    --------
    >>> network = load("squeezenet1_1", weights="none")
    >>> network
    Network squeezenet1_1, weights none: 3 × 224 × 224 pixels spanning 8 degrees, on cpu
    >>> field = network.receptive_field("features.3")
    >>> field.size, field.stride, field.whole_image
    ((15, 15), (4, 4), False)
    """
    if classes is not None and weights == "default" and ":" not in name:
        raise ValueError(
            f"the published weights of {name} have their own classes: classes={classes} goes with weights='none'"
        )
    options: dict[str, Any] = {} if classes is None else {"classes": classes}
    known = names()
    if ":" not in name and name not in known:
        near = get_close_matches(name, known, n=5, cutoff=0.4)
        raise ValueError(
            f"no network named {name!r}; nearest are {', '.join(near) or 'none'} (of {len(known)}: "
            "cortexcnn.models.names()). One of your own: package.module:factory"
        )
    file = None if str(weights) in ("default", "none") else Path(weights)
    state = read(file) if file else None
    if ":" in name:
        module, own = _built(name, weights=weights, seed=seed, **options)
    elif name in OWN:
        factory, trained = OWN[name]
        if weights == "none" and not trained:
            raise ValueError(f"{name} is built by hand and has no random weights: leave weights out, or take cortexnet")
        if not trained:  # its cells are made for the screen, so the screen is said before they are made
            options |= {k: v for k, v in (("degrees", degrees), ("pixels", pixels)) if v is not None}
        module, own = _built(factory, weights=weights, seed=seed, **options)
        if trained:
            own = eye_in(shipped(trained))
            if weights == "default":
                state = read(shipped(trained))
    else:
        chosen = (eye or _published_eye(name)).changed(pixels=pixels)
        module, own = _torchvision(name, weights=weights, state=state, eye=chosen, seed=seed, **options), chosen
    source = file.name if file else (OWN.get(name, ("", None))[1] or name)
    left = fit(module, state, source=source, partial=partial) if state is not None else ()
    seen = eye or (eye_in(file) if file else None) or own
    if not isinstance(seen, Eye):
        raise ValueError(
            f"{name} doesn't say what it was trained on: give eye=Eye(channels=…, mean=…, std=…, pixels=…), "
            "or give the module an attribute eye"
        )
    return Network(
        _moved(module, device),
        seen.changed(degrees=degrees, pixels=pixels),
        name=name,
        weights=file.name if file else str(weights),
        random=tuple(module.state_dict()) if weights == "none" else left,
    )


def _published_eye(name: str) -> Eye:
    """The Eye of the published weights: torchvision's own transforms."""
    transforms = torchvision.models.get_model_weights(name)["DEFAULT"].transforms()
    (crop,) = set(transforms.crop_size)
    return Eye(channels=3, mean=tuple(transforms.mean), std=tuple(transforms.std), pixels=crop)


def _torchvision(
    name: str, *, weights: str | Path, state: dict | None, eye: Eye, seed: int, classes: int = 1000
) -> nn.Module:
    if weights == "default":
        published = torchvision.models.get_model_weights(name)["DEFAULT"]
        try:
            return torchvision.models.get_model(name, weights=published)
        except (URLError, TimeoutError, ConnectionError) as error:
            raise ConnectionError(
                f"the published weights of {name} can't be fetched from {published.url} ({error}); "
                "weights='none' takes random ones, weights='FILE' a local .pth or .safetensors file"
            ) from error
    options: dict[str, Any] = {}
    if name in ("googlenet", "inception_v3"):
        # as published: another normalisation inside, and side branches that only training needs
        side = any(key.lower().startswith("aux") for key in state or ())
        options = {"transform_input": True, "init_weights": state is None, "aux_logits": side}
    elif name.startswith("vit_"):
        options = {"image_size": eye.pixels}
    with _seeded(seed):
        return torchvision.models.get_model(name, weights=None, num_classes=classes, **options)


def _built(name: str, *, weights: str | Path, seed: int, **options: Any) -> tuple[nn.Module, Eye | None]:
    """What a factory makes, and its Eye; its random weights drawn anew where none are wanted."""
    with _seeded(seed):
        made = _factory(name)(**options)
        eye = getattr(made, "eye", None)
        module = made.module if isinstance(made, Network) else made
        if not isinstance(module, nn.Module):
            raise ValueError(f"{name}() returned a {type(made).__name__}; a factory returns an nn.Module or a Network")
        if weights == "none":
            _redraw(module, name)
    return module, eye if isinstance(eye, Eye) else None


def _factory(name: str) -> Callable[[], Any]:
    path, _, attribute = name.partition(":")
    with _current_folder():
        try:
            found = import_module(path)
        except ModuleNotFoundError as error:
            raise ValueError(
                f"no module {error.name} for {name!r}: run from the folder that holds it, or install it"
            ) from error
    factory = getattr(found, attribute, None)
    if not callable(factory):
        near = get_close_matches(attribute, [n for n in dir(found) if callable(getattr(found, n))], n=3, cutoff=0.4)
        raise ValueError(f"{path} has no factory {attribute!r}; nearest are {', '.join(near) or 'none'}")
    return factory


def _redraw(module: nn.Module, name: str) -> None:
    """Random weights for every module that knows how to draw its own; refused where some don't."""
    drawn: set[int] = set()
    for child in module.modules():
        reset = getattr(child, "reset_parameters", None)
        if callable(reset):
            reset()
            drawn.update(id(tensor) for tensor in child.parameters(recurse=False))
    fixed = [key for key, tensor in module.named_parameters() if id(tensor) not in drawn]
    if fixed or not drawn:
        which = f"({', '.join(fixed[:4])}{', …' if len(fixed) > 4 else ''}) " if fixed else ""
        raise ValueError(
            f"{name} can't have random weights: its parameters {which}belong to no module with reset_parameters(); "
            "write a factory that returns it untrained"
        )


def _moved(module: nn.Module, device: str | torch.device) -> nn.Module:
    try:
        return module.to(device)
    except (RuntimeError, AssertionError) as error:
        raise ValueError(f"the device {device} can't be used here: {str(error).splitlines()[0]}; try cpu") from error


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Random numbers from a seed; the global generator is put back as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        yield


@contextmanager
def _current_folder() -> Iterator[None]:
    """The current folder on the import path, as ``python -m`` has it."""
    before = list(sys.path)
    sys.path.insert(0, str(Path.cwd()))
    try:
        yield
    finally:
        sys.path[:] = before
