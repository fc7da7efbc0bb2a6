"""What a training run is asked to do, checked before it starts."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

from cortexcnn.training.images import LabelledImages

__all__ = ["Settings"]


@dataclass(frozen=True)
class Settings:
    """The settings of a run; what each means is said by :func:`~cortexcnn.training.train`.

    ``images`` is the content hash of what is trained on: a run is only resumed on the same images.
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

    def __post_init__(self) -> None:
        for name, lowest in (("epochs", 1), ("batch", 1), ("shift", 0), ("seed", 0)):
            value = getattr(self, name)
            if int(value) != value or value < lowest:
                raise ValueError(f"{name}={value}: a whole number from {lowest} on")
        if not (math.isfinite(self.rate) and self.rate > 0):
            raise ValueError(
                f"rate={self.rate}: a learning rate is a positive number, e.g. 0.1 for sgd, 0.001 for adamw"
            )
        if not (math.isfinite(self.decay) and self.decay >= 0):
            raise ValueError(f"decay={self.decay}: a weight decay is 0 or a positive number, e.g. 0.0005")
        if not 0 <= self.smoothing < 1:
            raise ValueError(f"smoothing={self.smoothing}: label smoothing lies between 0 and 1, 1 left out")

    def check_images(self, images: LabelledImages, validation: LabelledImages | None) -> None:
        """Refuse images that the settings or the validation images do not suit."""
        if self.shift >= min(images.pixels.shape[2:]):
            raise ValueError(f"shift={self.shift}: images of {images.size} pixels are moved by less than that")
        if validation is not None and validation.classes != images.classes:
            raise ValueError(
                f"the validation images have the classes {', '.join(validation.classes)}, "
                f"the training images {', '.join(images.classes)}"
            )

    def differences(self, before: dict[str, object]) -> list[str]:
        """In which of its settings an earlier run differs: ``epochs 30, now 20``."""
        now = asdict(self)
        return [f"{name} {value}, now {now[name]}" for name, value in before.items() if now.get(name) != value]
