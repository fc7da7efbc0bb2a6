"""The Eye: what stands between luminance and a network, so that every network can be shown the same stimuli.

A network was trained on numbers of its own: colour or grey, 0–1 or 0–255, normalised by some mean and deviation, on
images of some size. The Eye turns luminance into those, and states how many degrees of visual angle they span.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

import torch

from cortexcnn.arrays import content_hash
from cortexcnn.screen import Screen

__all__ = ["Eye", "imagenet_eye"]


@dataclass(frozen=True)
class Eye:
    """Turns luminance (0–1 around a grey of 0.5) into what a network was trained on.

    Parameters
    ----------
    channels : int
        Input channels of the network: 3 for colour, 1 for grey.
    mean, std : float or tuple of float
        Subtracted and divided by, for each channel, after ``range``.
    range : (float, float)
        What luminance 0 and 1 become before the normalisation, e.g. (0, 255).
    pixels : int
        Side of the square input.
    degrees : float
        Visual angle that the input is taken to span.

    Raises
    ------
    ValueError
        If a number makes no sense: no channels, a deviation of zero, means that don't fit the channels.

    Examples
    --------
    >>> eye = Eye(channels=3, mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25), pixels=32)
    >>> eye(torch.full((2, 1, 32, 32), 0.75))[0, :, 0, 0]
    tensor([1., 1., 1.])
    >>> eye.screen.pixels_per_degree
    4.0
    """

    channels: int = 3
    mean: float | tuple[float, ...] = 0.0
    std: float | tuple[float, ...] = 1.0
    range: tuple[float, float] = (0.0, 1.0)
    pixels: int = 224
    degrees: float = 8.0

    def __post_init__(self) -> None:
        if int(self.channels) != self.channels or self.channels < 1:
            raise ValueError(f"an eye of {self.channels} channels: channels must be a positive whole number")
        for name in ("mean", "std"):
            object.__setattr__(self, name, self._per_channel(name))
        low, high = (float(end) for end in self.range)
        if low == high:
            raise ValueError(f"an eye of range {self.range}: luminance 0 and 1 must become different numbers")
        if not all(self.std):  # type: ignore[arg-type]
            raise ValueError(f"an eye of std {self.std}: a deviation of zero can't be divided by")
        object.__setattr__(self, "range", (low, high))
        screen = Screen(self.degrees, self.pixels)  # refuses what is not positive
        object.__setattr__(self, "pixels", int(screen.pixels))
        object.__setattr__(self, "degrees", float(screen.degrees))

    def _per_channel(self, name: str) -> tuple[float, ...]:
        value = getattr(self, name)
        values = tuple(float(v) for v in ([value] * self.channels if isinstance(value, (int, float)) else value))
        if len(values) != self.channels:
            raise ValueError(
                f"an eye of {self.channels} channels with {len(values)} numbers in {name}: "
                "give one number, or one a channel"
            )
        return values

    @property
    def screen(self) -> Screen:
        """The screen that fills this eye's view."""
        return Screen(self.degrees, self.pixels)

    def __call__(self, luminance: torch.Tensor) -> torch.Tensor:
        """Turn luminance into the network's input.

        Parameters
        ----------
        luminance : Tensor (row, channel, y, x)
            One channel (grey) or as many as the eye has; a grey eye takes the mean over the channels of a colour
            image. Any height and width, so that a crop of the screen can be shown.

        Returns
        -------
        Tensor (row, channels, y, x)
            On the same device, of the same dtype.

        Raises
        ------
        ValueError
            If the dimensions or channels don't fit.
        """
        if luminance.dim() != 4:
            raise ValueError(
                f"luminance of shape {tuple(luminance.shape)}: the eye wants (row, channel, y, x); "
                "show moving stimuli frame by frame"
            )
        given = luminance.shape[1]
        if self.channels == 1 and given > 1:
            luminance = luminance.mean(dim=1, keepdim=True)
        elif given not in (1, self.channels):
            raise ValueError(f"luminance of {given} channels for an eye of {self.channels}: give 1 or {self.channels}")
        low, high = self.range
        pairs = list(zip(self.mean, self.std, strict=True))  # type: ignore[arg-type]
        scale = luminance.new_tensor([(high - low) / std for _, std in pairs]).view(1, -1, 1, 1)
        offset = luminance.new_tensor([(low - mean) / std for mean, std in pairs]).view(1, -1, 1, 1)
        return torch.addcmul(offset, luminance, scale)

    def changed(self, **changes: object) -> Eye:
        """The same eye with some parameters changed, e.g. ``eye.changed(degrees=4)``; None changes nothing."""
        return replace(self, **{name: value for name, value in changes.items() if value is not None})  # type: ignore[arg-type]

    def hash(self) -> str:
        """Content hash of everything that the eye does."""
        return content_hash(asdict(self))


def imagenet_eye(pixels: int, channels: int = 3) -> Eye:
    """The eye of networks for ImageNet's photographs, by the mean and deviation of their colours.

    Parameters
    ----------
    pixels : int
        Side of the square input.
    channels : int
        With any other number than 3, a mean of .5 and a deviation of .25.

    Examples
    --------
    >>> imagenet_eye(224).mean, imagenet_eye(28, 1).mean
    ((0.485, 0.456, 0.406), (0.5,))
    """
    if channels != 3:
        return Eye(channels=channels, mean=0.5, std=0.25, pixels=pixels)
    return Eye(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225), pixels=pixels)
