"""Whether the windows of a run tell the truth: a few of its stimuli shown both ways, those that differ most.

Receptive fields say what a unit depends on as far as operations can be followed. A network that measures its input,
or a normalisation over the map, computes something else on a crop; then whole images are shown instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch

from cortexcnn.recording.contract import Recordable
from cortexcnn.recording.recorder import listening
from cortexcnn.recording.show import Show
from cortexcnn.recording.window import CHECKED, Pass, Workload

__all__ = ["disagreements", "tolerance"]

_CANDIDATES = 16


def tolerance(show: Show) -> float:
    """How far responses through a window may differ from those to whole images, relative to a layer's largest.

    Parameters
    ----------
    show : Show
        Gives device and precision.

    Returns
    -------
    float
        80 roundings (1e-5 in float32): sums of thousands of products in another order. In half precision, and in the
        TensorFloat-32 in which accelerators convolve unless forbidden, 8 of their larger ones.
    """
    precision = torch.finfo(show.dtype).eps
    if show.device.type == "cuda" and show.dtype == torch.float32 and torch.backends.cudnn.allow_tf32:
        precision = torch.finfo(torch.float16).eps
    return 8 * precision if precision > 1e-4 else max(80 * precision, 1e-12)


def disagreements(network: Recordable, show: Show, passes: Sequence[Pass], work: Workload) -> dict[str, float]:
    """Layers whose responses through their window are not those to whole images.

    Parameters
    ----------
    network : Recordable
        The network.
    show : Show
        What is shown.
    passes : sequence of Pass
        All passes of the run; those on whole images need no check.
    work : Workload
        Knows the order of the layers.

    Returns
    -------
    dict
        Layer → largest difference relative to the layer's largest response; inf where the network can't be run on
        the crop at all. Layers that agree are left out.
    """
    windowed = [step for step in passes if step.window is not None]
    rows = np.unique(np.linspace(0, show.count - 1, max(CHECKED, _CANDIDATES // show.frames)).astype(int))
    through: dict[str, torch.Tensor] = {}
    found: dict[str, float] = {}
    for step in windowed:
        try:
            drawn = show.mixed(rows, step.shown, always=True) if step.entrance else (show.draw(rows, step.shown), None)
            through |= _responses(network, step, work, *drawn)
        except (RuntimeError, ValueError, AssertionError, IndexError):
            found |= {site.layer: np.inf for site in step.sites}
    checked = [site for step in windowed for site in step.sites if site.layer in through]
    if not checked:
        return found
    images = _most_unlike(through)
    shown = np.unique(rows[images // show.frames])
    frame = np.searchsorted(shown, rows[images // show.frames]) * show.frames + images % show.frames
    whole = _responses(network, work.one_pass(checked, None), work, show.draw(shown, None)[torch.from_numpy(frame)])
    for site in checked:
        difference = _relative(through[site.layer][torch.from_numpy(images)], whole[site.layer])
        if not difference <= tolerance(show):
            found[site.layer] = difference
    return found


def _responses(
    network: Recordable, step: Pass, work: Workload, luminance: torch.Tensor, weights: torch.Tensor | None = None
) -> dict[str, torch.Tensor]:
    count = len(luminance if weights is None else weights)
    into = {site.layer: torch.empty(count, len(site), dtype=torch.float64) for site in step.sites}
    with listening(network, step, work.calls) as listen:
        listen(luminance, into, weights)
    return into


def _most_unlike(responses: Mapping[str, torch.Tensor]) -> np.ndarray:
    """The images whose responses are furthest from the mean of all, over all layers alike."""
    score = torch.zeros(len(next(iter(responses.values()))), dtype=torch.float64)
    for values in responses.values():
        away = torch.nan_to_num(values - values.mean(dim=0)).norm(dim=1)
        score += away / away.max().clamp_min(torch.finfo(torch.float64).tiny)
    return np.sort(score.argsort(descending=True, stable=True)[:CHECKED].numpy())


def _relative(windowed: torch.Tensor, whole: torch.Tensor) -> float:
    """Largest difference relative to the largest response; NaN agrees with NaN alone."""
    same = (windowed == whole) | (windowed.isnan() & whole.isnan())
    difference = torch.where(same, 0, windowed - whole).abs()
    if not difference.isfinite().all():
        return np.inf
    largest = whole[whole.isfinite()].abs()
    return float(difference.max() / largest.max().clamp_min(1e-30)) if len(largest) else float(difference.max())
