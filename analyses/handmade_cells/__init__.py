"""Handmade cells with known answers, for every measure of ``cortexcnn.tuning``: what analyses/estimator_bias.py takes.

An experiment is one entry in EXPERIMENTS; a measure one in its ``truths``, or in LEFT_OUT with the reason.
"""

from __future__ import annotations

from handmade_cells.experiment import SPONTANEOUS, Cells, Experiment
from handmade_cells.fields import FIELDS
from handmade_cells.gratings import GRATINGS
from handmade_cells.patterns import PATTERNS
from handmade_cells.suppression import SUPPRESSION

__all__ = ["EXPERIMENTS", "LEFT_OUT", "SPONTANEOUS", "Cells", "Experiment"]

EXPERIMENTS: dict[str, Experiment] = GRATINGS | SUPPRESSION | FIELDS | PATTERNS
"""By what is shown."""

LEFT_OUT = {
    "one_minus_circular_variance": "the same as circular_variance, the other way up",
    "r_squared": "of the fit, not of the cell",
    "residual": "of the fit, not of the cell",
    "spatial_frequency_error": "of the fit, not of the cell",
    "maximum": "of bars by length: the largest sample, as of orientation",
    "base": "of contrast: 0 above the blank, not fitted",
    "low_pass": "follows from spatial_frequency_low",
    "noise_selectivity": "of noise as of textures",
    "noise_sparseness": "of noise as of textures",
    "family_variance": "a share of all variance, that of the spikes too: without spikes another quantity",
    "sample_variance": "a share of all variance, that of the spikes too: without spikes another quantity",
    "area": "follows from the diameter",
    "centre_y": "as centre_x",
    "best_y": "as best_x",
    "light_centre_y": "as light_centre_x",
    "dark_centre_x": "as of light",
    "dark_centre_y": "as of light",
    "dark_area": "as of light",
    "amplitude": "of a Gabor: in units of the noise that was shown",
}
"""What tables of measures hold besides, and why it has no row."""
