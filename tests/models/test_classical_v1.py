"""The handmade V1 against formulas: Gabors × gratings worked out by hand, without the project's own drawing."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from cortexcnn.models import load, wrap
from cortexcnn.models.classical_v1 import ClassicalV1, classical_v1
from cortexcnn.screen import Window

LAYERS = ("linear", "simple", "complex", "pool", "normalised_simple", "normalised_complex")


def wave(
    orientation: float,
    frequency: float,
    phase: float,
    contrast: float = 1.0,
    *,
    pixels: int = 224,
    degrees: float = 8.0,
    at: tuple[float, float] = (0.0, 0.0),
) -> torch.Tensor:
    """A grating minus grey, (1, 1, y, x); orientation counter-clockwise from horizontal, phase at a point."""
    x = (np.arange(pixels) + 0.5) * degrees / pixels - degrees / 2 - at[0]
    y = -((np.arange(pixels) + 0.5) * degrees / pixels - degrees / 2)[:, None] - at[1]
    angle = np.deg2rad(orientation)
    u = -np.sin(angle) * x + np.cos(angle) * y
    carrier = np.sin(2 * np.pi * frequency * u + np.deg2rad(phase))
    return torch.from_numpy(contrast / 2 * carrier)[None, None].double()


@torch.no_grad()
def answers(v1: ClassicalV1, image: torch.Tensor) -> dict[str, np.ndarray]:
    """Every stage's map (channel, row, column), in float64."""
    kept: dict[str, np.ndarray] = {}
    handles = [
        getattr(v1, name).register_forward_hook(
            lambda _m, _i, output, name=name: kept.update({name: output[0].numpy()})
        )
        for name in LAYERS
    ]
    v1(image)
    for handle in handles:
        handle.remove()
    return kept


def centre(v1: ClassicalV1, image: torch.Tensor) -> dict[str, np.ndarray]:
    return {name: maps[:, maps.shape[1] // 2, maps.shape[2] // 2] for name, maps in answers(v1, image).items()}


@pytest.fixture(scope="module")
def v1() -> ClassicalV1:
    return classical_v1(orientations=(0, 30, 75, 90, 140), spatial_frequencies=(1.5, 3), n_x=0.4, n_y=0.5).double()


@settings(max_examples=20, deadline=None)
@given(
    orientation=st.floats(0, 179.9),
    frequency=st.floats(0.4, 6),
    phase=st.floats(0, 360),
    contrast=st.floats(0.01, 1),
)
def test_linear_cells_are_the_closed_form_of_their_gabors(v1, orientation, frequency, phase, contrast):
    found = centre(v1, wave(orientation, frequency, phase, contrast))["linear"]
    cells = v1.cells("linear")
    ratio = frequency / cells.spatial_frequency.values
    angle = np.deg2rad(orientation - cells.orientation.values)
    across, along = (2 * np.pi * 0.4) ** 2, (2 * np.pi * 0.5) ** 2

    def part(ratio, angle, lobes):
        u, v = ratio * np.cos(angle), ratio * np.sin(angle)
        return np.exp(-across * (1 + u**2) / 2 - along * v**2 / 2) * lobes(across * u)

    def even(lobe):
        return 2 * np.cosh(lobe) - 2

    def odd(lobe):
        return 2 * np.sinh(lobe)

    cosine, sine = (part(ratio, angle, lobes) / part(1, 0, lobes) for lobes in (even, odd))
    own, shown = np.deg2rad(cells.phase.values), np.deg2rad(phase)
    wanted = contrast * (np.cos(own) * np.sin(shown) * cosine - np.sin(own) * np.cos(shown) * sine)
    assert found == pytest.approx(wanted, abs=1e-3 * contrast)  # what the cut at four standard deviations leaves


def test_the_best_grating_gives_its_contrast_and_the_opposite_its_negative(v1):
    cells = v1.cells("simple")
    for channel in (0, 7, 22, 39):
        cell = cells.isel(unit=channel)
        shown = [float(cell[name]) for name in ("orientation", "spatial_frequency", "preferred_phase")]
        for contrast in (0.2, 1.0):
            there = centre(v1, wave(*shown, contrast))
            away = centre(v1, wave(shown[0], shown[1], shown[2] + 180, contrast))
            assert there["linear"][channel] == pytest.approx(contrast, abs=1e-6)
            assert away["linear"][channel] == pytest.approx(-contrast, abs=1e-6)
            assert there["simple"][channel] == pytest.approx(contrast, abs=1e-6)
            assert away["simple"][channel] == 0


@pytest.mark.parametrize("phases", [(0, 90, 180, 270), (10, 70, 130, 190, 250, 310), tuple(range(0, 360, 45))])
def test_energy_is_the_squared_quadrature_pair_and_knows_no_phase(phases):
    v1 = classical_v1(orientations=(20, 110), spatial_frequencies=(2,), phases=phases).double()
    reference = classical_v1(orientations=(20, 110), spatial_frequencies=(2,)).double()
    image = wave(33, 1.7, 50, 0.7)
    pair = centre(reference, image)["linear"].reshape(2, 4)
    assert centre(v1, image)["complex"] == pytest.approx(pair[:, 0] ** 2 + pair[:, 1] ** 2, rel=1e-5)
    best = [centre(v1, wave(20, 2, phase, 0.5))["complex"][0] for phase in range(0, 360, 25)]
    assert best == pytest.approx(np.full(len(best), 0.25), rel=1e-5)


@settings(max_examples=25, deadline=None)
@given(orientation=st.floats(0, 179.9), ratio=st.floats(0.6, 2), phase=st.floats(0, 360), contrast=st.floats(0.05, 1))
def test_the_pool_is_the_squared_contrast_whatever_the_grating(v1, orientation, ratio, phase, contrast):
    for own, channels in ((1.5, slice(0, 5)), (3.0, slice(5, 10))):
        found = centre(v1, wave(orientation, ratio * own, phase, contrast))["pool"][channels]
        assert found == pytest.approx(contrast**2, rel=1e-3 if ratio >= 1 else 0.02)


def test_the_surround_suppresses_alike_at_every_frequency():
    v1 = classical_v1(orientations=(0,), spatial_frequencies=(1, 2, 4)).double()
    x = (np.arange(224) + 0.5) / 28 - 4
    radius = np.hypot(x, x[:, None])
    for channel, frequency in enumerate((1, 2, 4)):
        answers_to = [
            centre(v1, wave(0, frequency, 90) * torch.from_numpy(radius < size / frequency / 2))["normalised_complex"]
            for size in (0.5, 1, 1.5, 2, 2.5, 3, 6)
        ]
        curve = np.array(answers_to)[:, channel]
        suppression = 1 - curve[-1] / curve.max()
        assert 0.05 < suppression < 0.3
        assert curve.argmax() in (3, 4)


@pytest.mark.parametrize(("c50", "exponent", "maximum"), [(0.3, 2.0, 1.0), (0.12, 2.7, 40.0), (0.6, 1.0, 5.0)])
def test_contrast_response_and_suppression_by_a_mask(c50, exponent, maximum):
    v1 = classical_v1(
        orientations=(0, 45, 90, 135),
        spatial_frequencies=(2,),
        semi_saturation_contrast=c50,
        exponent=exponent,
        maximum=maximum,
    ).double()
    for contrast in (0.05, 0.3, 0.5):
        for mask in (0.0, 0.2, 0.5):
            # cosine phase: the best of channel 0, orthogonal to its mask
            found = centre(v1, wave(0, 2, 90, contrast) + wave(90, 2, 37, mask))
            drive, total = contrast**exponent, (contrast**2 + mask**2) ** (exponent / 2)
            wanted = maximum * drive / (c50**exponent + total)
            assert found["normalised_simple"][0] == pytest.approx(wanted, rel=0.02)
            assert found["normalised_complex"][0] == pytest.approx(wanted, rel=0.02)
            if not mask:
                assert found["normalised_simple"][0] == pytest.approx(wanted, rel=2e-3)
            if exponent == 2:
                assert wanted == pytest.approx(maximum * contrast**2 / (c50**2 + contrast**2 + mask**2))


def test_light_alone_excites_no_cell():
    v1 = classical_v1().double()
    for light in (-0.5, 0.3, 0.0):
        found = answers(v1, torch.full((1, 1, 224, 224), light, dtype=torch.float64))
        for name in ("linear", "complex", "normalised_simple", "normalised_complex"):
            assert np.abs(found[name]).max() < 1e-6
        assert found["pool"].max() < 1e-6


def test_every_unit_of_the_map_is_the_same_cell_somewhere_else(v1):
    network = wrap(v1, v1.eye, name="v1")
    field = network.receptive_field("normalised_simple")
    middle = field.rows // 2
    expected = centre(v1, wave(50, 2, 20, 0.8))
    for row, column in ((0, 0), (middle, 3), (field.rows - 1, field.columns - 1)):
        down, across = field.centre(row, column)
        at = (float(network.screen.x(across)), float(network.screen.y(down)))
        found = answers(v1, wave(50, 2, 20, 0.8, at=at))
        for name in LAYERS:
            assert found[name][:, row, column] == pytest.approx(expected[name], rel=1e-6, abs=1e-9)


def test_the_table_of_layers_reads_like_anatomy():
    network = load("classical_v1")
    layers = network.layers()
    assert layers.layer.values.tolist() == list(LAYERS)
    assert not layers.whole_image.any()
    assert layers.rf_x.values == pytest.approx(0, abs=1e-9)
    assert layers.rf_y.values == pytest.approx(0, abs=1e-9)
    assert layers.channels.values.tolist() == [96, 96, 24, 24, 96, 24]
    assert (layers.unseen_rows == 0).all()
    shape = network(torch.rand(2, 1, 224, 224)).shape
    assert shape == (2, 96 + 24, 17, 17)


def test_a_crop_gives_the_unit_exactly():
    network = load("classical_v1")
    image = torch.rand(3, 1, 224, 224)
    field = network.receptive_field("normalised_complex")
    window = field.window(field.rows // 2, field.columns // 2)
    assert window == Window(64, 160, 64, 160)
    crop = image[..., window.top : window.bottom, window.left : window.right]
    whole = network(image)[..., field.rows // 2, field.columns // 2]
    assert torch.allclose(network(crop)[..., 0, 0], whole, rtol=1e-4, atol=1e-6)


def test_labels_are_those_of_centre_units():
    v1 = classical_v1(pixels=112)
    field = wrap(v1, v1.eye, name="v1").receptive_field("complex")
    first = str(v1.cells("complex").unit.values[0])
    assert first == f"complex/0/{field.rows // 2}/{field.columns // 2}"
    assert v1.cells("normalised_complex").layer.values.tolist() == ["normalised_complex"] * 16


def test_the_default_population_follows_the_screen():
    assert np.unique(classical_v1().cells("complex").spatial_frequency).tolist() == [1, 2, 4]
    assert np.unique(classical_v1(degrees=2).cells("complex").spatial_frequency).tolist() == [4, 8, 16]
    assert np.unique(classical_v1(degrees=2, pixels=32).cells("complex").spatial_frequency).tolist() == [4]


def test_lengths_follow_the_degrees_that_a_screen_is_said_to_span():
    stated = load("classical_v1", degrees=2).module.cells("simple", degrees=2)
    made = classical_v1(degrees=2).cells("simple")
    xr.testing.assert_allclose(stated, made)


def test_what_is_built_in_is_in_the_hash():
    def hash_of(**options: float) -> str:
        module = classical_v1(pixels=112, **options)
        return wrap(module, module.eye, name="v1").hashes()["weights_hash"]

    same = hash_of()
    assert hash_of() == same
    for name, value in {"semi_saturation_contrast": 0.31, "exponent": 2.1, "maximum": 2.0, "n_x": 0.41}.items():
        assert hash_of(**{name: value}) != same


def test_gradients_reach_the_image_and_not_the_cells():
    v1 = classical_v1(pixels=112)
    image = torch.zeros(1, 1, 112, 112, requires_grad=True)
    v1(image).sum().backward()
    assert torch.isfinite(image.grad).all()
    assert not any(parameter.requires_grad for parameter in v1.parameters())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"phases": (0, 120, 240)}, "phases 0, 120, 240: complex cells are built from simple cells of 4, 6, 8"),
        ({"phases": (0, 90, 180)}, "evenly spaced over 360"),
        ({"phases": (0, 90, 180, 181)}, "evenly spaced over 360"),
        ({"phases": ()}, "phases none"),
        ({"orientations": (0, 180)}, "orientation 180 of a Gabor"),
        ({"orientations": ()}, "and 0 rows"),
        ({"spatial_frequencies": (0.1,)}, "the largest Gabor spans 32 degrees and the screen 8"),
        ({"spatial_frequencies": (9,)}, "up to 7, a quarter cycle a pixel"),
        ({"semi_saturation_contrast": 0}, "semi_saturation_contrast 0, exponent 2, maximum 1"),
        ({"exponent": 0.5}, "the exponent is 1 or more"),
        ({"maximum": -1}, "above 0"),
        ({"stride": 2.5}, "stride 2.5: a positive whole number"),
    ],
)
def test_what_makes_no_sense_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        classical_v1(**options)


def test_cells_of_an_unknown_layer_are_refused():
    with pytest.raises(
        ValueError, match=r"no cells named 'simpel' \(did you mean simple\?\); there are linear, simple"
    ):
        classical_v1(pixels=112).cells("simpel")
