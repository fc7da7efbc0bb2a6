"""What can be shown: each kind of stimulus with its parameters, their defaults and units, and what draws it.

A new kind is one entry in ``KINDS`` and one function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches

import numpy as np
import torch

from cortexcnn.stimuli import bars, contours, gratings, images, noise, pieces, plaids, surrounds
from cortexcnn.stimuli.canvas import GREY, Canvas, Rows

__all__ = ["KINDS", "Kind", "Parameter", "Rule", "find_kind", "unknown"]


@dataclass(frozen=True)
class Parameter:
    """A parameter of a kind of stimulus.

    Parameters
    ----------
    default : float or str
        What a table without it has.
    units : str
        Degrees, cycles/degree …; empty for text and pure numbers.
    meaning : str
        In a few words.
    accepts : tuple of float
        Lowest and highest value.
    ends : str
        Whether these belong to it: ``"[]"``, ``"[)"``, ``"(]"`` or ``"()"``.
    choices : tuple of str
        The names that a text can be; empty for a number, or for free text.
    follows : str
        The parameter whose value it has in a table that does not name it, in place of the default.
    """

    default: float | str
    units: str
    meaning: str
    accepts: tuple[float, float] = (-np.inf, np.inf)
    ends: str = "()"
    choices: tuple[str, ...] = ()
    follows: str = ""

    @property
    def is_text(self) -> bool:
        """Whether its values are text."""
        return isinstance(self.default, str)

    def allows(self, values: np.ndarray) -> np.ndarray:
        """Which values it can take; NaN is none of them."""
        if self.is_text:
            return np.isin(values, self.choices) if self.choices else np.ones(len(values), dtype=bool)
        low, high = self.accepts
        above = values >= low if self.ends[0] == "[" else values > low
        below = values <= high if self.ends[1] == "]" else values < high
        return above & below

    def __str__(self) -> str:
        if self.choices:
            return "one of " + ", ".join(self.choices)
        if self.is_text:
            return "text"
        bounds = f"{self.ends[0]}{self.accepts[0]:g}, {self.accepts[1]:g}{self.ends[1]}"
        return f"a number in {bounds}{' ' + self.units if self.units else ''}"


@dataclass(frozen=True)
class Rule:
    """What must hold between the parameters of a row that is no blank.

    Parameters
    ----------
    names : tuple of str
        The parameters.
    holds : callable
        ``holds(rows)`` says of each row whether it does.
    meaning : str
        What it is, why, and the remedy.
    """

    names: tuple[str, ...]
    holds: Callable[..., np.ndarray]
    meaning: str


@dataclass(frozen=True)
class Kind:
    """A kind of stimulus.

    Its contrast, a parameter or derived, is Michelson's of the whole picture: where it is 0 the row is a blank.

    Parameters
    ----------
    parameters : dict of Parameter
        In the order in which a table lists them. A blank has 0 for each whose name ends in contrast.
    draw : callable
        ``draw(rows, canvas, out)`` fills ``out (row, channel, y, x)`` with the luminance of rows that are no blanks.
        Rows of a moving kind come once for each frame, with their ``time``.
    extent : callable
        Half of the width and height in degrees that each row reaches over from its x and y, infinite where it fills
        the screen.
    attributes : dict of Parameter
        What is the same for the whole table and stands in its attributes; ``draw`` finds it beside the parameters.
    derived : dict of callable
        Variables that follow from the parameters.
    rules : tuple of Rule
        What must hold between the parameters.
    """

    parameters: dict[str, Parameter]
    draw: Callable[[Rows, Canvas, torch.Tensor], None]
    extent: Callable[[Rows], tuple[np.ndarray, np.ndarray]]
    attributes: dict[str, Parameter] = field(default_factory=dict)
    derived: dict[str, Callable[[Rows], np.ndarray]] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()

    @property
    def moving(self) -> bool:
        """Whether it has frames."""
        return "frame_rate" in self.attributes


def find_kind(name: object) -> Kind:
    """The kind of that name.

    Parameters
    ----------
    name : str
        One of ``KINDS``.

    Returns
    -------
    Kind
        Its parameters and drawing function.

    Raises
    ------
    ValueError
        If there is no such kind: names the nearest.

    Examples
    --------
    >>> find_kind("drifting_grating").moving
    True
    """
    if name not in KINDS:
        raise ValueError(unknown("kind of stimulus", [str(name)], KINDS))
    return KINDS[str(name)]


def unknown(what: str, names: Iterable[str], known: Iterable[str]) -> str:
    """What to say of names that are not known: the nearest that are, and all of them."""
    names, known = list(names), list(known)
    near = dict.fromkeys(match for name in names for match in get_close_matches(name, known, n=1))
    hint = f" (did you mean {' or '.join(near)}?)" if near else ""
    return f"no {what} {', '.join(names)}{hint}; there are {', '.join(known)}"


def _draw_blank(rows: Rows, canvas: Canvas, out: torch.Tensor) -> None:  # noqa: ARG001 - all drawing functions alike
    out.fill_(GREY)


def _everywhere(rows: Rows) -> tuple[np.ndarray, np.ndarray]:
    radius = np.full(len(rows["contrast"]), np.inf)
    return radius, radius


def _component(name: str, default: float) -> Parameter:
    """The contrast of one of two gratings."""
    return Parameter(default, "", f"Michelson contrast of the {name}; 0 is none", (0, 1), "[]")


def _second(name: str, first: str) -> dict[str, Parameter]:
    """Frequency and phase of the second of two gratings."""
    meaning = f"of the {name}; the {first}'s unless given"
    return {
        f"{name}_spatial_frequency": Parameter(2.0, "cycles/degree", meaning, _POSITIVE, follows="spatial_frequency"),
        f"{name}_phase": Parameter(0.0, "degrees", f"of the {name}'s sine at the stimulus's centre"),
    }


_POSITIVE = (0.0, np.inf)
_FOLDER = Parameter("", "", "or .zip file that holds the photographs")
_FILE = {
    "file": Parameter("", "", "of the photograph, below the folder"),
    "content": Parameter("", "", "hash of the file"),
}
_ORIENTATION = Parameter(0.0, "degrees", "of the stripes, counter-clockwise from horizontal", (0, 180), "[)")
_DIRECTION = Parameter(90.0, "degrees", "of motion, counter-clockwise from rightward", (0, 360), "[)")
_CONTRAST = Parameter(1.0, "", "Michelson contrast; 0 is a blank", (0, 1), "[]")
_PLACE = {
    "x": Parameter(0.0, "degrees", "centre, to the right of the screen's"),
    "y": Parameter(0.0, "degrees", "centre, above the screen's"),
}
_CARRIER = {
    "orientation": _ORIENTATION,
    "spatial_frequency": Parameter(2.0, "cycles/degree", "of the carrier", _POSITIVE),
    "phase": Parameter(0.0, "degrees", "of the sine at the stimulus's own centre"),
    "contrast": _CONTRAST,
}
_APERTURE = {
    "size": Parameter(np.inf, "degrees", "diameter of the aperture", _POSITIVE, "(]"),
    **_PLACE,
    "aperture": Parameter("none", "", "where it ends", choices=tuple(gratings.APERTURES)),
}
_GRATING = {
    **_CARRIER,
    **_APERTURE,
    "waveform": Parameter("sine", "", "luminance across the stripes", choices=tuple(gratings.WAVEFORMS)),
}
_TWO_GRATINGS = {name: parameter for name, parameter in _CARRIER.items() if name != "contrast"}
_PLAID = {
    **_TWO_GRATINGS,
    "test_contrast": _component("test", 0.5),
    "mask_angle": Parameter(90.0, "degrees", "from the test's orientation to the mask's", (0, 180), "[)"),
    **_second("mask", "test"),
    "mask_contrast": _component("mask", 0.5),
    **_APERTURE,
}
_SURROUND = {
    **_TWO_GRATINGS,
    "centre_contrast": _component("centre", 1.0),
    "size": Parameter(1.0, "degrees", "diameter of the centre", _POSITIVE),
    "surround_angle": Parameter(0.0, "degrees", "from the centre's orientation to the annulus's", (0, 180), "[)"),
    **_second("surround", "centre"),
    "surround_contrast": _component("annulus", 1.0),
    "inner_size": Parameter(
        1.0, "degrees", "inner diameter of the annulus; the centre's unless given", _POSITIVE, follows="size"
    ),
    "outer_size": Parameter(4.0, "degrees", "outer diameter of the annulus", _POSITIVE),
    **_PLACE,
}
_BAR = {
    "orientation": _ORIENTATION,
    "length": Parameter(4.0, "degrees", "along the bar", _POSITIVE, "(]"),
    "width": Parameter(0.5, "degrees", "across the bar", _POSITIVE, "(]"),
    "polarity": Parameter("light", "", "against the grey", choices=tuple(bars.POLARITIES)),
    "contrast": _CONTRAST,
    **_PLACE,
}
_STROKE = {
    "length": Parameter(2.0, "degrees", "along the stroke", _POSITIVE),
    "width": Parameter(0.2, "degrees", "of the stroke", _POSITIVE),
    "polarity": _BAR["polarity"],
    "contrast": _CONTRAST,
    **_PLACE,
}
_SEED = Parameter(0.0, "", "of the noise, a whole number: equal ones show the same", (0, 2**53), "[]")
_WHOLE_SEED = Rule(("seed",), lambda rows: rows["seed"] % 1 == 0, "a seed is a whole number, one for each picture")
_PEAK = Parameter(1.0, "", "largest deviation from the mean / the mean; 0 is a blank", (0, 1), "[]")
_TIMING = {
    "duration": Parameter(1.0, "s", "of the presentation", _POSITIVE),
    "frame_rate": Parameter(32.0, "Hz", "frames in a second", _POSITIVE),
}


def _directed(parameters: dict[str, Parameter], **motion: Parameter) -> dict[str, Parameter]:
    """The parameters of what moves: a direction in place of the orientation, and how fast."""
    still = {name: parameter for name, parameter in parameters.items() if name != "orientation"}
    return {"direction": _DIRECTION, **motion, **still}


_TURNED = {"orientation": lambda rows: (rows["direction"] - 90) % 180}

KINDS: dict[str, Kind] = {
    "grating": Kind(_GRATING, gratings.draw_grating, gratings.extent_of_grating),
    "drifting_grating": Kind(
        _directed(_GRATING, temporal_frequency=Parameter(4.0, "Hz", "cycles that pass in a second", _POSITIVE, "[)")),
        gratings.draw_drifting_grating,
        gratings.extent_of_grating,
        _TIMING,
        _TURNED,
    ),
    "gabor": Kind(
        {
            **_CARRIER,
            "sigma": Parameter(0.5, "degrees", "standard deviation of the envelope across the stripes", _POSITIVE),
            "aspect": Parameter(1.0, "", "standard deviation along the stripes / across them", _POSITIVE),
            **_PLACE,
        },
        gratings.draw_gabor,
        gratings.extent_of_gabor,
    ),
    "plaid": Kind(
        _PLAID,
        plaids.draw_plaid,
        gratings.extent_of_grating,
        derived={"mask_orientation": plaids.mask_orientation, "contrast": plaids.plaid_contrast},
        rules=(
            Rule(
                ("test_contrast", "mask_contrast"),
                lambda rows: rows["contrast"] <= 1,
                "their sum is at most 1, or where peaks meet luminance would leave 0 to 1: lower one of them",
            ),
        ),
    ),
    "surround": Kind(
        _SURROUND,
        surrounds.draw_surround,
        surrounds.extent_of_surround,
        derived={"surround_orientation": surrounds.surround_orientation, "contrast": surrounds.surround_contrast},
        rules=(
            Rule(
                ("size", "inner_size", "outer_size"),
                lambda rows: (rows["size"] <= rows["inner_size"]) & (rows["inner_size"] < rows["outer_size"]),
                "the annulus lies around the centre: size ≤ inner_size < outer_size",
            ),
        ),
    ),
    "bar": Kind(_BAR, bars.draw_bar, bars.extent_of_bar),
    "spot": Kind(
        {
            "size": Parameter(0.5, "degrees", "side or diameter", _POSITIVE),
            "shape": Parameter("square", "", "of the spot", choices=tuple(noise.SHAPES)),
            "polarity": _BAR["polarity"],
            "contrast": _CONTRAST,
            **_PLACE,
        },
        noise.draw_spot,
        noise.extent_of_spot,
    ),
    "white_noise": Kind(
        {
            "seed": _SEED,
            "check": Parameter(0.25, "degrees", "side of the checks, a whole number of pixels at best", _POSITIVE),
            "distribution": Parameter("binary", "", "of the checks", choices=tuple(noise.DISTRIBUTIONS)),
            "contrast": Parameter(1.0, "", f"of a check, gaussian ones at {noise.LIMIT:g} sd", (0, 1), "[]"),
        },
        noise.draw_white_noise,
        _everywhere,
        rules=(_WHOLE_SEED,),
    ),
    "power_noise": Kind(
        {
            "seed": _SEED,
            "exponent": Parameter(1.0, "", "amplitude falls as 1 / frequency ** exponent", (-4, 4), "[]"),
            "contrast": _PEAK,
        },
        noise.draw_power_noise,
        _everywhere,
        rules=(_WHOLE_SEED,),
    ),
    "filtered_noise": Kind(
        {
            "seed": _SEED,
            "orientation": _ORIENTATION,
            "orientation_bandwidth": Parameter(
                15.0, "degrees", "half width at half amplitude; inf for all orientations", _POSITIVE, "(]"
            ),
            "spatial_frequency": Parameter(2.0, "cycles/degree", "at the middle of the band", _POSITIVE),
            "spatial_frequency_bandwidth": Parameter(
                1.0, "octaves", "full width at half amplitude; inf for all frequencies", _POSITIVE, "(]"
            ),
            "contrast": _PEAK,
        },
        noise.draw_filtered_noise,
        _everywhere,
        rules=(_WHOLE_SEED,),
    ),
    "swept_bar": Kind(
        _directed(_BAR, speed=Parameter(8.0, "degrees/s", "at which the bar moves", _POSITIVE)),
        bars.draw_swept_bar,
        bars.extent_of_swept_bar,
        _TIMING,
        _TURNED,
    ),
    "edge": Kind(
        {
            "orientation": _ORIENTATION,
            "polarity": Parameter(
                "light", "", "of the side at orientation + 90 (above a horizontal edge)", choices=tuple(bars.POLARITIES)
            ),
            "position": Parameter(0.0, "degrees", "along orientation + 90, from x and y"),
            "blur": Parameter(0.0, "degrees", "standard deviation of the smoothing gaussian", _POSITIVE, "[)"),
            "contrast": _CONTRAST,
            **_PLACE,
        },
        bars.draw_edge,
        _everywhere,
    ),
    "angle": Kind(
        {
            "direction": Parameter(
                0.0, "degrees", "of the first half-line, counter-clockwise from rightward", (0, 360), "[)"
            ),
            "opening": Parameter(
                90.0, "degrees", "on to the second, counter-clockwise; 0 is one half-line alone", (0, 180), "[]"
            ),
            **_STROKE,
        },
        contours.draw_angle,
        contours.extent_of_angle,
        derived={"bisector": contours.bisector},
    ),
    "arc": Kind(
        {
            "direction": Parameter(
                90.0, "degrees", "to which it bulges, counter-clockwise from rightward", (0, 360), "[)"
            ),
            "curvature": Parameter(0.5, "1/degrees", "1 / radius; 0 is a straight line", (0, np.inf), "[)"),
            **_STROKE,
        },
        contours.draw_arc,
        contours.extent_of_arc,
        rules=(
            Rule(
                ("curvature", "length"),
                lambda rows: rows["curvature"] * rows["length"] <= 2 * np.pi * (1 + 1e-9),
                "an arc is at most a whole circle: curvature × length ≤ 2π",
            ),
            Rule(
                ("curvature", "width"),
                lambda rows: rows["curvature"] * rows["width"] <= 2,
                "a stroke is no wider than its circle: curvature × width ≤ 2",
            ),
        ),
    ),
    "blank": Kind({"contrast": Parameter(0.0, "", "always 0", (0, 0), "[]")}, _draw_blank, _everywhere),
    "image": Kind(
        {
            **_FILE,
            "size": Parameter(8.0, "degrees", "of the photograph's longer side", _POSITIVE),
            **_PLACE,
            "contrast": Parameter(1.0, "", "factor about the grey", (0, 1), "[]"),
        },
        images.draw_images,
        images.extent_of_images,
        {"folder": _FOLDER},
    ),
    "texture": Kind(
        {
            **_FILE,
            "left": Parameter(0.0, "", "of the piece in the photograph, in its pixels", _POSITIVE, "[)"),
            "top": Parameter(0.0, "", "of the piece in the photograph, in its pixels", _POSITIVE, "[)"),
            "side": Parameter(128.0, "", "of the piece, in pixels of the photograph", (2, np.inf), "[)"),
            "version": Parameter("texture", "", "the piece, or its spectrum", choices=pieces.VERSIONS),
            "seed": Parameter(0.0, "", "of the random phases", _POSITIVE, "[)"),
            "size": Parameter(4.0, "degrees", "of the piece", _POSITIVE),
            **_PLACE,
            "contrast": Parameter(1.0, "", "of the more extreme of a piece and its noise", (0, 1), "[]"),
        },
        pieces.draw_texture,
        pieces.extent_of_texture,
        {"folder": _FOLDER},
    ),
}
"""Every kind of stimulus by name."""
