"""Runs in an environment of its own: what Brain-Score's property functions make of the rates in a folder."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

ASKED: list[tuple[str, str, str, str, dict[str, str]]] = [
    (
        "orientation",
        "valid",
        "ringach2002_benchmark",
        "ringach2002_properties",
        {
            "max_dc": "maximum",
            "modulation_ratio": "modulation_ratio",
            "circular_variance": "circular_variance",
            "bandwidth": "orientation_bandwidth",
            "orthogonal_preferred_ratio": "orthogonal_preferred_ratio",
            "orientation_selective": "orientation_selective",
            "circular_variance_bandwidth_ratio": "circular_variance_over_orientation_bandwidth",
            "orthogonal_preferred_ratio_circular_variance_difference": (
                "orthogonal_preferred_ratio_minus_circular_variance"
            ),
        },
    ),
    (
        "orientation",
        "valid",
        "devalois1982a_benchmark",
        "devalois1982a_properties",
        {"preferred_orientation": "preferred_orientation"},
    ),
    (
        "spatial_frequency",
        "valid",
        "devalois1982b_benchmark",
        "devalois1982b_properties",
        {"peak_spatial_frequency": "peak_spatial_frequency"},
    ),
    (
        "spatial_frequency",
        "valid_f0",
        "schiller1976_benchmark",
        "schiller1976_properties",
        {
            "spatial_frequency_selective": "spatial_frequency_selective",
            "spatial_frequency_bandwidth": "spatial_frequency_bandwidth_ratio",
        },
    ),
    (
        "size",
        "valid",
        "cavanaugh2002a_benchmark",
        "cavanaugh2002_properties",
        {
            "surround_suppression_index": "surround_suppression_index",
            "grating_summation_field": "grating_summation_field",
            "surround_diameter": "surround_diameter",
            "surround_grating_summation_field_ratio": "surround_diameter_over_grating_summation_field",
        },
    ),
    (
        "texture",
        "kept",
        "freemanZiemba2013_benchmark",
        "freemanziemba2013_properties",
        {
            "texture_modulation_index": "texture_modulation_index",
            "absolute_texture_modulation_index": "absolute_texture_modulation_index",
            "texture_selectivity": "texture_selectivity",
            "noise_selectivity": "noise_selectivity",
            "texture_sparseness": "texture_sparseness",
            "noise_sparseness": "noise_sparseness",
            "variance_ratio": "texture_variance_ratio",
            "sample_variance": "sample_variance",
            "family_variance": "family_variance",
            "max_texture": "maximum_to_texture",
            "max_noise": "maximum_to_noise",
        },
    ),
]


def assembly(values: np.ndarray, columns: dict[str, np.ndarray]) -> Any:
    """Rates (stimulus, unit) as Brain-Score has them."""
    form = import_module("brainscore_core.supported_data_standards.brainio.assemblies").NeuroidAssembly
    presented = {name: ("presentation", column) for name, column in columns.items()}
    units = {"neuroid_id": ("neuroid", np.arange(values.shape[1])), "region": ("neuroid", ["V1"] * values.shape[1])}
    return form(values.T.copy(), coords={**units, **presented}, dims=["neuroid", "presentation"])


def main() -> None:
    folder = Path(sys.argv[1])
    for i, (name, kept, benchmark, properties, names) in enumerate(ASKED):
        function = getattr(
            import_module(f"brainscore_vision.benchmarks.marques2020.benchmarks.{benchmark}"), properties
        )
        given = np.load(folder / f"{name}.npz")
        rates = assembly(given["rates"], {key: given[key] for key in given if key not in {"rates", "blank"}})
        blank = assembly(given["blank"], {"stimulus_id": np.array(["blank"]), "contrast": np.zeros(1)})
        found = function(model_identifier=f"cells {i}", responses=rates, baseline=blank)
        values = np.stack([found.sel(neuronal_property=key).values for key in names], axis=1)
        np.savez(folder / f"answer_{i}.npz", set=name, kept=kept, ours=list(names.values()), values=values)


if __name__ == "__main__":
    main()
