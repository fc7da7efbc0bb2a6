"""Runs in an environment of its own: thingsvision saves features of 7 images in all its forms, and extracts some."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import torch


class Scale(torch.nn.Module):
    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.factor * images


class Model(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = Scale(2.0), Scale(-3.0)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.second(self.first(images))


def named(folder: Path) -> Path:
    folder.mkdir()
    import_module("thingsvision.utils.data.helpers").make_instance_dataset(
        root="", out_path=str(folder), image_names=[f"animals/image_{i}.jpg" for i in range(7)]
    )
    return folder


def main() -> None:
    folder = Path(sys.argv[1])
    given = np.random.default_rng(0).normal(size=(7, 3, 4, 5)).astype(np.float32)
    np.save(folder / "given.npy", given)
    save = import_module("thingsvision.utils.storing").save_features
    for ending in ("npy", "hdf5", "mat", "pt", "txt"):
        save(given.reshape(7, -1), str(named(folder / f"fc_{ending}")), ending)
        if ending != "txt":
            save(given, str(named(folder / f"conv_{ending}")), ending)
    extractor = import_module("thingsvision").get_extractor_from_model(model=Model(), device="cpu", backend="pt")
    batches = list(torch.from_numpy(given).split(2))
    for kind in ("ndarray", "tensor"):
        extractor.extract_features(
            batches,
            module_names=["first", "second"],
            flatten_acts=False,
            output_type=kind,
            output_dir=str(named(folder / kind)),
            step_size=1,
        )


if __name__ == "__main__":
    main()
