"""A handmade V1 of which everything is known: ground truth for every measure, and a baseline for every comparison.

Gabor simple cells, quadrature-energy complex cells, and the same under divisive normalisation, as an ``nn.Module``
like any other. At each position of the map:

====================== ============================================================================================
layer                  cells
====================== ============================================================================================
``linear``             Gabors L at every orientation, spatial frequency and phase: a grating of contrast c at the
                       optimum gives c
``simple``             the same, half-rectified
``complex``            energy E = (4 / phases) Σ simple² over the phases of one Gabor, that is L₀² + L₉₀²: a grating
                       of contrast c at the optimum gives c², whatever its phase
``pool``               contrast energy P = 8 × the variance of luminance under a gaussian window a third wider than
                       the Gabor's: c² for a grating of any orientation, phase and, from half the Gabor's on, frequency
``normalised_simple``  maximum · simpleⁿ / (c50ⁿ + P^{n/2}), n the exponent
``normalised_complex`` maximum · E^{n/2} / (c50ⁿ + P^{n/2})
====================== ============================================================================================

The pool stands for the summed energy of cells of all orientations and frequencies around the position, which by
Parseval's theorem is that of the contrast; so the tuning of a normalised cell is the n-th power of its Gabor's. Its
contrast response is maximum · cⁿ / (c50ⁿ + cⁿ), with an orthogonal mask besides
maximum · cⁿ / (c50ⁿ + (c² + c_mask²)^{n/2}), as Busse and others found; for n = 2 that is cⁿ / (c50ⁿ + cⁿ + c_maskⁿ).
Being wider than the Gabor, the pool suppresses from the surround: a grating of the best size gives a little more than
a large one.

Adelson & Bergen (1985), J. Opt. Soc. Am. A 2, 284-299; Heeger (1992), Vis. Neurosci. 9, 181-197; Busse, Wade &
Carandini (2009), Neuron 64, 931-942.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

import numpy as np
import torch
import xarray as xr
from torch import nn

from cortexcnn.arrays import SEPARATOR
from cortexcnn.models.eye import Eye
from cortexcnn.models.gabors import FINEST, check_gabors, kernel_side, modulation, quadrature, tuning
from cortexcnn.models.v1_stages import ContrastEnergy, DivisiveNormalisation, Energy

__all__ = ["ClassicalV1", "classical_v1", "octaves"]

FEWEST = 8.0  # cycles across the screen of the default population's lowest frequency
POOL = 4 / 3  # standard deviation of the pool's window, in those of the Gabor's envelope along its longer axis


def classical_v1(
    *,
    degrees: float = 8.0,
    pixels: int = 224,
    orientations: Sequence[float] = (0.0, 22.5, 45.0, 67.5, 90.0, 112.5, 135.0, 157.5),
    spatial_frequencies: Sequence[float] | None = None,
    phases: Sequence[float] = (0.0, 90.0, 180.0, 270.0),
    n_x: float = 0.4,
    n_y: float = 0.4,
    semi_saturation_contrast: float = 0.3,
    exponent: float = 2.0,
    maximum: float = 1.0,
    stride: int = 8,
) -> ClassicalV1:
    """A population with every combination of orientation, spatial frequency and phase.

    Parameters
    ----------
    degrees, pixels : float, int
        The screen that it looks at.
    orientations : sequence of float
        Degrees, 0 ≤ orientation < 180.
    spatial_frequencies : sequence of float, optional
        Cycles/degree; by default octaves from 8 cycles across the screen to a quarter cycle a pixel: 1, 2 and 4
        on the default screen.
    phases : sequence of float
        Degrees; 4, 6, 8, … of them evenly spaced over 360, so that the complex cells can be built from the simple ones.
    n_x, n_y : float
        Standard deviations across and along the stripes in periods, σ × spatial frequency, as Ringach [1]_ names them:
        the number of lobes. With n_x = n_y = n the concentration κ of the orientation tuning is 4π²n².
    semi_saturation_contrast, exponent, maximum : float
        c50, n and R_max of the normalised cells.
    stride : int
        Pixels between neighbouring positions of the map. The middle position is the centre of the screen, and every
        Gabor lies on the screen as a whole.

    Returns
    -------
    ClassicalV1
        With attribute ``eye``, so that ``load`` and ``wrap`` know what it takes.

    Raises
    ------
    ValueError
        If a number makes no sense, or the Gabors don't fit on the screen or its pixels.

    References
    ----------
    .. [1] Ringach (2002), J. Neurophysiol. 88, 455-463.

    Examples
    --------
    >>> v1 = classical_v1(orientations=(0, 45, 90, 135), spatial_frequencies=(2,))
    >>> cells = v1.cells("complex")
    >>> cells.unit.values.tolist()
    ['complex/0/11/11', 'complex/1/11/11', 'complex/2/11/11', 'complex/3/11/11']
    >>> cells.orientation.values, cells.orientation_bandwidth.values
    (array([ 0., 45., 90., 135.]), array([13.4, 13.4, 13.4, 13.4]))
    """
    frequencies = np.array(octaves(degrees, pixels) if spatial_frequencies is None else spatial_frequencies, float)
    grid = np.meshgrid(frequencies, np.array(orientations, float), indexing="ij")
    frequency, orientation = (part.ravel() for part in grid)
    gabors = xr.Dataset(
        {
            "orientation": ("gabor", orientation),
            "spatial_frequency": ("gabor", frequency),
            "phase": ("gabor", np.zeros(frequency.size)),
            "n_x": ("gabor", np.full(frequency.size, float(n_x))),
            "n_y": ("gabor", np.full(frequency.size, float(n_y))),
        }
    )
    return ClassicalV1(
        gabors,
        degrees=degrees,
        pixels=pixels,
        phases=phases,
        semi_saturation_contrast=semi_saturation_contrast,
        exponent=exponent,
        maximum=maximum,
        stride=stride,
    )


def octaves(degrees: float, pixels: int, finest: float = FINEST) -> np.ndarray:
    """Spatial frequencies in octaves from 8 cycles across the screen.

    Parameters
    ----------
    degrees, pixels : float, int
        The screen.
    finest : float
        Cycles/pixel up to which they go.

    Returns
    -------
    ndarray
        Cycles/degree; one at least.

    Examples
    --------
    >>> octaves(8, 224)
    array([1., 2., 4.])
    """
    cycles = FEWEST * 2.0 ** np.arange(16)
    return cycles[cycles <= max(finest * pixels, FEWEST)] / degrees


class ClassicalV1(nn.Module):
    """Simple and complex cells, plain and normalised, from a table of Gabors.

    Parameters
    ----------
    gabors : Dataset (gabor)
        ``orientation``, ``spatial_frequency``, ``phase`` (degrees, added to ``phases``), ``n_x``, ``n_y``.
    degrees, pixels : float, int
        The screen that it looks at.
    phases : sequence of float
        Phases of the simple cells of each Gabor; evenly spaced, 4 or more, an even number.
    semi_saturation_contrast, exponent, maximum : float
        c50, n and R_max of the normalised cells.
    stride : int
        Pixels between neighbouring positions of the map.

    Notes
    -----
    A Gabor is exp(−u²/2σ_u² − v²/2σ_v²) (cos(2πfu + φ) − d cos φ), u across the stripes and v along them: its cosine
    part has the multiple d = exp(−κ_u/2) of its envelope taken off, κ_u = 4π²n_x², so that it sums to nothing and
    light alone excites no cell. Of a grating of frequency r f at an angle Δ the cosine and the sine part give, up to
    their values at the optimum, the amplitudes

        exp(−κ_u (1 + r²cos²Δ)/2 − κ_v r²sin²Δ/2) · (2 cosh(κ_u r cos Δ) − 2)  and  · 2 sinh(κ_u r cos Δ).

    For κ_u of 6 and more (n_x ≥ .4) both are exp(−κ_u (r cos Δ − 1)²/2 − κ_v r²sin²Δ/2) to a few parts in a thousand
    around the optimum, which are the predictions of :meth:`cells`. The cosine part alone falls short of it at low
    frequencies, by 7 % at the lower half height for n_x = .4 and by 2 % for .5.

    The cell of phase φ answers best to a grating ``sin(2πfu + φ + 90)``. A unit of the map at
    ``(row, column)`` looks at the same Gabor, moved by ``stride`` pixels a step.
    """

    def __init__(
        self,
        gabors: xr.Dataset,
        *,
        degrees: float = 8.0,
        pixels: int = 224,
        phases: Sequence[float] = (0.0, 90.0, 180.0, 270.0),
        semi_saturation_contrast: float = 0.3,
        exponent: float = 2.0,
        maximum: float = 1.0,
        stride: int = 8,
    ) -> None:
        super().__init__()
        self.eye = Eye(channels=1, mean=0.5, pixels=pixels, degrees=degrees)
        self.gabors = check_gabors(gabors, self.eye.screen)
        self.phases = _check_phases(np.array(phases, float))
        if not (semi_saturation_contrast > 0 and maximum > 0 and exponent >= 1):
            raise ValueError(
                f"semi_saturation_contrast {semi_saturation_contrast:g}, exponent {exponent:g}, maximum {maximum:g}: "
                "the first and last are above 0, the exponent is 1 or more"
            )
        self.semi_saturation_contrast = float(semi_saturation_contrast)
        self.exponent = float(exponent)
        self.maximum = float(maximum)
        side = kernel_side(gabors, self.eye.screen, stride)
        pairs = quadrature(gabors, self.eye.screen, side)
        shift = np.deg2rad(gabors["phase"].values[:, None] + self.phases)
        kernels = (pairs[:, None] * np.exp(1j * shift)[:, :, None, None]).real.reshape(-1, 1, side, side)
        self.linear = nn.Conv2d(1, len(kernels), side, stride=stride, bias=False)
        self.linear.weight = nn.Parameter(torch.from_numpy(kernels).float(), requires_grad=False)
        self.simple = nn.ReLU()
        self.complex = Energy(len(self.phases))
        widths = np.maximum(gabors["n_x"].values, gabors["n_y"].values) / gabors["spatial_frequency"].values
        self.pool = ContrastEnergy(POOL * widths * self.eye.screen.pixels_per_degree, side, stride)
        constants = (self.semi_saturation_contrast, self.exponent, self.maximum)
        self.normalised_simple = DivisiveNormalisation(self.exponent, *constants)
        self.normalised_complex = DivisiveNormalisation(self.exponent / 2, *constants)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Responses of the normalised cells.

        Parameters
        ----------
        image : Tensor (n, 1, y, x)
            Luminance minus 0.5, as the eye gives it.

        Returns
        -------
        Tensor (n, channels, rows, columns)
            The normalised simple cells, then the normalised complex ones.
        """
        simple = self.simple(self.linear(image))
        energy, pool = self.complex(simple), self.pool(image)
        return torch.cat((self.normalised_simple(simple, pool), self.normalised_complex(energy, pool)), dim=1)

    def cells(self, layer: str, *, degrees: float | None = None) -> xr.Dataset:
        """What the cells of a layer are, and what measures of them must find.

        Parameters
        ----------
        layer : str
            linear, simple, complex, normalised_simple or normalised_complex.
        degrees : float, optional
            What the screen is said to span, if not what the population was made for: lengths grow with it.

        Returns
        -------
        Dataset (unit)
            The units at the centre of the map, labelled as ``record`` labels them. Parameters: orientation,
            spatial_frequency, phase (NaN for complex cells), sigma_u, sigma_v (across and along the stripes), rf_x,
            rf_y. Closed forms for gratings of full contrast: preferred_phase, orientation_bandwidth (half width at
            1/√2), orientation_bandwidth_half_height and circular_variance (at the cell's own frequency; of F0, of F1
            in ``linear``), spatial_frequency_low and spatial_frequency_high (half height; NaN where never reached),
            modulation_ratio (for many phases; NaN in ``linear``, where F0 is 0), and semi_saturation_contrast,
            exponent and maximum of the normalised.

        Raises
        ------
        ValueError
            If there is no such layer.

        Examples
        --------
        >>> cells = classical_v1(n_x=0.5, n_y=0.5).cells("simple")
        >>> float(cells.orientation_bandwidth_half_height[0]), float(cells.modulation_ratio[0])
        (21.6, 1.57)
        """
        powers = {"linear": 1.0, "simple": 1.0, "complex": 2.0}
        powers |= dict.fromkeys(("normalised_simple", "normalised_complex"), self.exponent)
        if layer not in powers:
            near = get_close_matches(layer, powers, n=1)
            hint = f" (did you mean {near[0]}?)" if near else ""
            raise ValueError(f"no cells named {layer!r}{hint}; there are {', '.join(powers)}")
        power = powers[layer]
        table = self._simple_cells(1.0 if degrees is None else degrees / self.eye.degrees)
        if layer.endswith("complex"):
            table = {name: values[:: len(self.phases)] for name, values in table.items()}
            table["phase"] = np.full(len(table["phase"]), np.nan)
        frequency = table["spatial_frequency"]
        count = frequency.size
        table["preferred_phase"] = (table["phase"] + 90) % 360
        table |= tuning(frequency, table["sigma_u"] * frequency, table["sigma_v"] * frequency, power=power)
        ratio = {"linear": np.nan, "complex": 0.0, "normalised_complex": 0.0}.get(layer, modulation(power))
        table["modulation_ratio"] = np.full(count, ratio)
        if layer.startswith("normalised"):
            for name in ("semi_saturation_contrast", "exponent", "maximum"):
                table[name] = np.full(count, getattr(self, name))
        middle = (self.eye.pixels - self.linear.kernel_size[0]) // self.linear.stride[0] // 2
        names = [SEPARATOR.join(map(str, (layer, channel, middle, middle))) for channel in range(count)]
        coords = {"unit": names, "layer": ("unit", [layer] * count), "channel": ("unit", np.arange(count))}
        return xr.Dataset({name: ("unit", values) for name, values in table.items()}, coords)

    def _simple_cells(self, zoom: float) -> dict[str, np.ndarray]:
        """Parameters of the simple cells, on a screen that spans ``zoom`` times the degrees."""
        gabors = {name: np.repeat(self.gabors[name].values, len(self.phases)) for name in self.gabors.data_vars}
        phase = gabors["phase"] + np.tile(self.phases, self.gabors.sizes["gabor"])
        frequency = gabors["spatial_frequency"] / zoom
        return {
            "orientation": gabors["orientation"],
            "spatial_frequency": frequency,
            "phase": phase % 360,
            "sigma_u": gabors["n_x"] / frequency,
            "sigma_v": gabors["n_y"] / frequency,
            "rf_x": np.zeros(phase.size),
            "rf_y": np.zeros(phase.size),
        }


def _check_phases(phases: np.ndarray) -> np.ndarray:
    gaps = np.diff(np.sort(phases % 360), append=np.min(phases % 360, initial=360) + 360)
    if len(phases) < 4 or len(phases) % 2 or not np.allclose(gaps, 360 / len(phases)):
        listed = ", ".join(f"{phase:g}" for phase in phases) or "none"
        raise ValueError(
            f"phases {listed}: complex cells are built from simple cells of 4, 6, 8, … phases evenly spaced over 360 "
            "degrees, e.g. 0, 90, 180, 270"
        )
    return phases
