"""What a training run is asked to do, checked before it starts."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

from cortexcnn.choices import chosen
from cortexcnn.training.engine import PRECISIONS
from cortexcnn.training.images import LabelledImages
from cortexcnn.training.optimise import OPTIMISERS, SCHEDULES

__all__ = ["Settings"]


@dataclass(frozen=True)
class Settings:
    """The settings of a run; what each means is said by :func:`~cortexcnn.training.train`.

    ``images`` is the content hash of what is trained on: a run is only resumed on the same images. Where an option is
    left out, ``patience`` and ``clip`` are 0 and ``augment`` is empty.
    """

    epochs: int
    batch: int
    optimiser: str
    rate: float
    decay: float
    smoothing: float
    shift: int
    flip: bool
    seed: int
    images: str
    momentum: float = 0.9
    schedule: str = "cosine"
    warm_up: float = 0.15
    clip: float = 0.0
    augment: str = ""
    patience: int = 0
    precision: str = "float32"

    def __post_init__(self) -> None:
        for name, lowest in (("epochs", 1), ("batch", 1), ("shift", 0), ("seed", 0), ("patience", 0)):
            value = getattr(self, name)
            if int(value) != value or value < lowest:
                raise ValueError(f"{name}={value}: a whole number from {lowest} on")
        for name, options in (("optimiser", OPTIMISERS), ("schedule", SCHEDULES), ("precision", PRECISIONS)):
            chosen(options, getattr(self, name), name)
        if not (math.isfinite(self.rate) and self.rate > 0):
            raise ValueError(
                f"rate={self.rate}: a learning rate is a positive number, e.g. 0.1 for sgd, 0.001 for adamw"
            )
        for name, what in (("decay", "a weight decay"), ("clip", "the largest norm of a gradient")):
            if not (math.isfinite(getattr(self, name)) and getattr(self, name) >= 0):
                raise ValueError(f"{name}={getattr(self, name)}: {what} is 0 (none) or a positive number")
        for name, what in (("smoothing", "label smoothing"), ("momentum", "momentum"), ("warm_up", "a warm-up")):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"{name}={getattr(self, name)}: {what} lies between 0 and 1, 1 left out")

    def check_images(self, images: LabelledImages, validation: LabelledImages | None) -> None:
        """Refuse images that the settings or the validation images do not suit."""
        if self.shift >= min(images.pixels.shape[2:]):
            raise ValueError(f"shift={self.shift}: images of {images.size} pixels are moved by less than that")
        if validation is None and self.patience:
            raise ValueError(
                f"patience={self.patience}: stopping early needs images to validate on; give validation, or no patience"
            )
        if validation is not None and validation.classes != images.classes:
            raise ValueError(
                f"the validation images have the classes {', '.join(validation.classes)}, "
                f"the training images {', '.join(images.classes)}"
            )

    def differences(self, before: dict[str, object]) -> list[str]:
        """In which of its settings an earlier run differs: ``epochs 30, now 20``."""
        now = asdict(self)
        return [f"{name} {value}, now {now[name]}" for name, value in before.items() if now.get(name) != value]
