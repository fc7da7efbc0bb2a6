"""Runs in an environment of its own: Brain-Score opens the assemblies of a folder, writes them, and one of its own."""

from __future__ import annotations

import sys
from collections import OrderedDict
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

DATA = "brainscore_core.supported_data_standards.brainio"


def layer() -> Any:
    """What its extractor makes of the maps of a layer: 2 images × 2 channels × 3 rows × 4 columns."""
    images, channels, rows, columns = np.indices((2, 2, 3, 4))
    maps = 1000 * images + 100 * channels + 10 * rows + columns
    extractor = import_module("brainscore_vision.model_helpers.activations.core").ActivationsExtractorHelper(
        get_activations=lambda _, layer_names: OrderedDict({layer_names[0]: maps}),
        preprocessing=lambda paths: np.zeros((len(paths), 3, 8, 8)),
        identifier="net",
        batch_size=2,
    )
    return extractor.from_paths(["a.png", "b.png"], layers=["conv"])


def main() -> None:
    folder = Path(sys.argv[1])
    form = import_module(f"{DATA}.assemblies").NeuronRecordingAssembly
    write = import_module(f"{DATA}.packaging").write_netcdf
    for file in sorted(folder.glob("*.nc")):
        assembly = form.from_files(file)
        assembly.validate()
        chosen = {name: assembly[name].values[0] for name in ("stimulus_id", "neuroid_id")}
        assert assembly.sel(chosen).size, assembly
        write(assembly, folder / "theirs" / file.name)
    write(layer(), folder / "theirs" / "layer.nc")


if __name__ == "__main__":
    main()
