"""Noise as that of spike counts: the same seed gives the same noise, whatever else is drawn meanwhile."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

__all__ = ["PoissonLike"]


class PoissonLike(nn.Module):
    """Normal noise whose variance is proportional to the mean, as that of spikes counted in macaque V1 [1]_.

    Each call draws from a stream of its own, which starts from the seed and the number of the call; so a run that is
    resumed from its checkpoint has the noise that it would have had. Torch's global random numbers play no part.
    Several processes that share a batch all have the same noise, on different images.

    Parameters
    ----------
    fano : float
        Variance over mean: 1 for a Poisson process, 0 for no noise.
    seed : int
        Of all that is drawn.
    always : bool
        In evaluation mode too; there, calls are counted from when the module was made.

    Raises
    ------
    ValueError
        If the ratio or the seed is negative.

    References
    ----------
    .. [1] Softky & Koch (1993), J. Neurosci. 13, 334-350.

    Examples
    --------
    >>> noise, mean = PoissonLike(2.0), torch.full((1, 1, 300, 300), 9.0)
    >>> answers = noise(mean)
    >>> f"{answers.mean():.1f} {answers.var():.0f}"
    '9.0 18'
    >>> torch.equal(noise.eval()(mean), mean)
    True
    """

    def __init__(self, fano: float = 1.0, *, seed: int = 0, always: bool = False) -> None:
        super().__init__()
        if not fano >= 0 or seed < 0:
            raise ValueError(f"noise of fano={fano}, seed={seed}: both are 0 or more")
        self.fano, self.seed, self.always = float(fano), int(seed), always
        self.calls: torch.Tensor
        self.register_buffer("calls", torch.zeros((), dtype=torch.int64))
        self._looks = 0

    def forward(self, mean: torch.Tensor) -> torch.Tensor:
        """Mean answers, not negative, to answers as one trial gives them; of any shape.

        Gradients pass as if the size of the noise did not hang on the mean: its root has no slope at 0.
        """
        if not self.fano or not (self.training or self.always):
            return mean
        if self.training:
            self.calls += 1
        else:
            self._looks += 1
        words = np.random.SeedSequence((self.seed, int(self.calls), self._looks)).generate_state(1, np.uint64)
        stream = torch.Generator(mean.device).manual_seed(int(words[0] >> np.uint64(1)))
        normal = torch.empty_like(mean).normal_(generator=stream)
        return mean + normal * (self.fano * mean.detach().clamp_min(0)).sqrt()

    def extra_repr(self) -> str:
        """For the printed module, which is part of the content hash."""
        return f"fano={self.fano:g}, seed={self.seed}, always={self.always}"
