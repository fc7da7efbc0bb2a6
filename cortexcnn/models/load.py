"""Networks by name: torchvision's, the project's own, and the user's, each with its weights and behind its Eye."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.error import URLError

import torch
import torchvision
from torch import nn

from cortexcnn.choices import nearest
from cortexcnn.models.eye import Eye
from cortexcnn.models.network import Network
from cortexcnn.models.weights import eye_in, fit, read
from cortexcnn.shipped import shipped

__all__ = ["OWN", "load", "names", "redraw", "seeded"]

OWN = {
    "cortexnet": "cortexcnn.models.cortexnet:cortexnet",
    "classical_v1": "cortexcnn.models.classical_v1:classical_v1",
    "classical_v2": "cortexcnn.models.classical_v2:classical_v2",
    "lenet": "cortexcnn.models.lenet:lenet",
    "alexnet_2012": "cortexcnn.models.alexnet_2012:alexnet_2012",
    "vgg_style": "cortexcnn.models.vgg_style:vgg_style",
    "resnet_style": "cortexcnn.models.resnet_style:resnet_style",
    "plain_cnn": "cortexcnn.models.plain:plain_cnn",
    "tapered_cnn": "cortexcnn.models.tapered:tapered_cnn",
    "v1_front": "cortexcnn.models.v1_front:v1_front",
}
"""The project's own networks, and the factories that build them."""

TRAINED = {"cortexnet": "cortexnet.safetensors"}
"""Those whose weights are shipped, and the file."""

BY_HAND = ("classical_v1", "classical_v2")
"""Those of which nothing is random or learned."""


def names() -> list[str]:
    """Every network that :func:`load` knows by name.

    Returns
    -------
    list of str
        The project's own, then torchvision's classification networks.

    Examples
    --------
    >>> names()[:3], names()[10]
    (['cortexnet', 'classical_v1', 'classical_v2'], 'alexnet')
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
    **options: Any,
) -> Network:
    """Load a network by name, with its weights, behind its Eye.

    Parameters
    ----------
    name : str
        A classification network of ``torchvision.models``; one that comes with the project (:data:`OWN`); or
        ``package.module:factory``, a callable that returns an ``nn.Module`` or a :class:`Network` (the current folder
        is searched, as ``python -m`` does).
    weights : str or Path
        "default": as published (fetched by torchvision once), shipped, or as the factory builds them; "none": random
        ones; else a ``.pth``, ``.pt`` or ``.safetensors`` file.
    degrees : float, optional
        Visual angle that the input spans: 8, unless the network's own Eye says otherwise.
    pixels : int, optional
        Side of the input: what the network was published with, unless said here. A factory that takes ``degrees`` or
        ``pixels`` is told them.
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
    **options
        Of the factory, for those that come with the project and one's own: ``load("resnet_style", depth=20,
        weights="none")``. They become part of the network's name. Torchvision's networks are loaded as they are
        published and take none.

    Returns
    -------
    Network
        In evaluation mode.

    Raises
    ------
    ValueError
        If the name is unknown (the nearest are named), there is no such option, the network has no published weights,
        the weights don't fit or can't be read safely, or there is no Eye.
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
    known = names()
    if ":" not in name and name not in known:
        if name in torchvision.models.list_models(module=torchvision.models.video):
            raise ValueError(
                f"{name} sees films, not images: load_film({name!r}) loads it, and record_film shows it films"
            )
        near = get_close_matches(name, known, n=5, cutoff=0.4)
        raise ValueError(
            f"no network named {name!r}; nearest are {', '.join(near) or 'none'} (of {len(known)}: "
            "cortexcnn.models.names()). One of your own: package.module:factory"
        )
    _check_weights(name, weights, classes)
    asked = options if classes is None else {**options, "classes": classes}
    file = None if str(weights) in ("default", "none") else Path(weights)
    state = read(file) if file else None
    said = eye or (eye_in(file) if file else None)
    if ":" in name or name in OWN:
        screen = {
            "degrees": degrees or getattr(said, "degrees", None),
            "pixels": pixels or getattr(said, "pixels", None),
        }
        module, own = _built(name, asked, weights=weights, seed=seed, screen=screen)
        if name in TRAINED:
            own = eye_in(shipped(TRAINED[name]))
            if weights == "default":
                state = read(shipped(TRAINED[name]))
    else:
        _check_options(name, options, ())
        chosen = (eye or _published_eye(name)).changed(pixels=pixels)
        module, own = _torchvision(name, weights=weights, state=state, eye=chosen, seed=seed, **asked), chosen
    source = file.name if file else TRAINED.get(name, name)
    left = fit(module, state, source=source, partial=partial) if state is not None else ()
    seen = said or own
    if not isinstance(seen, Eye):
        raise ValueError(
            f"{name} doesn't say what it was trained on: give eye=Eye(channels=…, mean=…, std=…, pixels=…), "
            "or give the module an attribute eye"
        )
    return Network(
        _moved(module, device),
        seen.changed(degrees=degrees, pixels=pixels),
        name=_labelled(name, options),
        weights=file.name if file else str(weights),
        random=_drawn(name, module) if weights == "none" else left,
    )


def _check_weights(name: str, weights: str | Path, classes: int | None) -> None:
    """Refuse weights that a network can't have."""
    if weights == "none" and name in BY_HAND:
        raise ValueError(f"{name} is built by hand and has no random weights: leave weights out, or take cortexnet")
    if weights == "default" and name in OWN.keys() - TRAINED.keys() - {*BY_HAND}:
        raise ValueError(
            f"{name} has no published weights: weights='none' draws random ones from the seed, weights='FILE' takes "
            "those of a local .pth or .safetensors file"
        )
    if weights == "default" and classes is not None and ":" not in name:
        raise ValueError(
            f"the published weights of {name} have their own classes: classes={classes} goes with weights='none'"
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
    with seeded(seed):
        return torchvision.models.get_model(name, weights=None, num_classes=classes, **options)


def _built(
    name: str, options: Mapping[str, Any], *, weights: str | Path, seed: int, screen: Mapping[str, Any]
) -> tuple[nn.Module, Eye | None]:
    """What a factory makes, and its Eye; its random weights drawn anew where it may have made trained ones."""
    factory = _factory(OWN.get(name, name))
    taken = _parameters(factory)
    _check_options(name, options, taken)
    told = {key: value for key, value in screen.items() if value is not None and key in (taken or ())}
    with seeded(seed):
        made = factory(**told, **options)
        eye = getattr(made, "eye", None)
        module = made.module if isinstance(made, Network) else made
        if not isinstance(module, nn.Module):
            raise ValueError(f"{name}() returned a {type(made).__name__}; a factory returns an nn.Module or a Network")
        if weights == "none" and (":" in name or name in TRAINED):
            redraw(module, name)
    return module, eye if isinstance(eye, Eye) else None


def _parameters(factory: Callable[..., Any]) -> tuple[str, ...] | None:
    """Names that a factory takes, None where it takes any."""
    parameters = inspect.signature(factory).parameters
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
        return None
    return tuple(parameters)


def _check_options(name: str, options: Mapping[str, Any], taken: Sequence[str] | None) -> None:
    """Refuse options that a network does not take, with the nearest that it or ``load`` does."""
    wrong = [option for option in options if taken is not None and option not in taken]
    if wrong:
        known = [key for key in inspect.signature(load).parameters if key not in ("name", "options")]
        near = nearest(wrong[0], [*(taken or ()), *known])
        takes = f"it takes {', '.join(taken)}" if taken else "it takes none: write a package.module:factory that does"
        raise ValueError(f"{name} takes no option {wrong[0]!r}; {takes}.{near}")


def _labelled(name: str, options: Mapping[str, Any]) -> str:
    """What results call a network: its name and what was asked of it."""
    told = [
        f"{key}={type(value).__name__ if isinstance(value, nn.Module) else value}" for key, value in options.items()
    ]
    return f"{name}({', '.join(told)})" if told else name


def _drawn(name: str, module: nn.Module) -> tuple[str, ...]:
    """The weights that were drawn at random: all, but for what the project's own networks keep fixed."""
    fixed = {key for key, weight in module.named_parameters() if not weight.requires_grad} if name in OWN else set()
    return tuple(key for key in module.state_dict() if key not in fixed)


def _factory(name: str) -> Callable[..., Any]:
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


def redraw(module: nn.Module, name: str) -> None:
    """Random weights for every module that knows how to draw its own; refused where some don't.

    Parameters
    ----------
    module : nn.Module
        Changed in place, by torch's global generator: see :func:`seeded`.
    name : str
        For the error.

    Raises
    ------
    ValueError
        If parameters belong to no module with ``reset_parameters``.
    """
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
def seeded(seed: int) -> Iterator[None]:
    """Random numbers from a seed for the length of a ``with`` block; the global generator is put back as it was."""
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
