"""Dead leaves: who lies on whom, the law of sizes against its closed form, spectra, and classes that can be learnt."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from torch import nn

from cortexcnn.training import dead_leaves, train
from cortexcnn.training.leaves import LEAVES, _front, _kind, _Leaves


def leaves(*each: tuple[float, float, float, float]) -> _Leaves:
    """Leaves of one image, each x, y, radius, orientation in degrees."""
    x, y, radius, orientation = torch.tensor(each).T[:, None]
    return _Leaves(x, y, radius, orientation.deg2rad())


def test_the_first_leaf_lies_on_the_second_and_the_ground_shows_where_there_is_none():
    front = _front(leaves((5, 5, 3, 0), (8, 5, 3, 0)), _kind("disc"), 12).view(12, 12)
    assert front[5].tolist() == [2, 2, 0, 0, 0, 0, 0, 0, 1, 1, 1, 2]
    assert bool((front[10] == 2).all())


@pytest.mark.parametrize("name", [*LEAVES, "bar:30"])
def test_leaves_are_laid_as_one_by_one(name: str):
    """Against the plain way: from the last leaf to the first, each over all pixels of its image."""
    rng, size = np.random.default_rng(0), 20
    x, y = rng.uniform(-8, size + 8, (2, 3, 40))
    radius, angle = rng.uniform(0.3, 12, (3, 40)), rng.uniform(0, 2 * np.pi, (3, 40))
    rows, columns = np.mgrid[:size, :size] + 0.5
    expected = np.full((3, size, size), 40)
    for image in range(3):
        for leaf in reversed(range(40)):
            right, up = columns - x[image, leaf], y[image, leaf] - rows
            turned = (right + 1j * up) * np.exp(-1j * angle[image, leaf]) / radius[image, leaf]
            on = LEAVES[name.partition(":")[0]][0](torch.from_numpy(turned.real), torch.from_numpy(turned.imag))
            expected[image][on.numpy()] = leaf
    laid = _Leaves(*(torch.from_numpy(part) for part in (x, y, radius, angle)))
    assert np.array_equal(_front(laid, _kind(name), size).view(3, size, size).numpy(), expected)


@pytest.mark.parametrize("name", LEAVES)
def test_all_shapes_have_the_area_of_a_disc_and_lie_within_their_reach(name: str):
    inside, reach = LEAVES[name]
    axis = torch.linspace(-2, 2, 801, dtype=torch.float64)
    along, across = torch.meshgrid(axis, axis, indexing="ij")
    on = inside(along, across)
    assert float(on.sum()) * 0.005**2 == pytest.approx(np.pi, rel=0.01)
    assert float(torch.hypot(along, across)[on].max()) == pytest.approx(reach, abs=0.01)


def overlap(radius: float, distance: float) -> float:
    """Area that a disc shares with itself when it is moved."""
    half = min(distance / 2 / radius, 1)
    return 2 * radius**2 * (np.arccos(half) - half * np.sqrt(1 - half**2))


def share_of_one_leaf(distance: float, smallest: float, largest: float) -> float:
    """How often two points lie on the same leaf: covered by one leaf first, of all that cover either of them."""

    def area(distance: float) -> float:
        kink = max(distance / 2, smallest)
        return quad(lambda radius: radius**-3 * overlap(radius, distance), smallest, largest, points=[kink])[0]

    both, one = area(distance), area(0)
    return both / (2 * one - both)


@pytest.fixture(scope="module")
def many_discs() -> torch.Tensor:
    training, test = dead_leaves(1500, size=16, classes=("disc",), smooth=1)
    return torch.cat([training.pixels, test.pixels])


@pytest.mark.parametrize("distance", [1, 3, 8])
def test_two_points_lie_on_one_leaf_as_often_as_the_closed_form_says(many_discs: torch.Tensor, distance: int):
    same = (many_discs[..., distance:] == many_discs[..., :-distance]).all(1).float()
    expected = share_of_one_leaf(distance, 1, 16)
    assert float(same.mean()) == pytest.approx(expected, abs=0.02)
    border, middle = same[:, [0, -1]].mean(), same[:, 7:9].mean()
    assert float(border) == pytest.approx(float(middle), abs=0.04)  # nothing is special about the border


def slope(pixels: torch.Tensor, lowest: int, highest: int) -> float:
    """Of the logarithm of power over that of frequency, in cycles an image, through a Hann window."""
    grey = pixels[:, 0].double()
    size = grey.shape[-1]
    window = torch.hann_window(size, dtype=torch.float64)
    power = torch.fft.fft2((grey - grey.mean((1, 2), keepdim=True)) * window[:, None] * window).abs().square().mean(0)
    along = torch.fft.fftfreq(size, dtype=torch.float64) * size
    frequency = torch.hypot(along[:, None], along).round().long()
    rings = range(lowest, highest + 1)
    means = [float(power[frequency == ring].mean()) for ring in rings]
    return float(np.polyfit(np.log(rings), np.log(means), 1)[0])


def test_the_power_of_discs_falls_as_the_square_of_frequency():
    training, _ = dead_leaves(150, size=64, classes=("disc",), channels=1)
    assert slope(training.pixels, 2, 20) == pytest.approx(-2, abs=0.25)
    coarse, _ = dead_leaves(60, size=64, classes=("disc",), channels=1, exponent=1.0)
    assert slope(coarse.pixels, 2, 20) < -2.3  # other laws of size have other spectra


@pytest.mark.parametrize(("orientation", "along"), [(0, (0, 1)), (45, (-1, 1)), (90, (-1, 0)), (135, (-1, -1))])
def test_bars_lie_counter_clockwise_from_horizontal(orientation: int, along: tuple[int, int]):
    training, _ = dead_leaves(40, size=32, classes=(f"bar:{orientation}",), smooth=1, radii=(2, 16))

    def alike(row: int, column: int) -> float:
        return float(
            (training.pixels == training.pixels.roll((row, column), (2, 3))).all(1)[:, 2:-2, 2:-2].float().mean()
        )

    row, column = along
    assert alike(row, column) > alike(column, -row) + 0.05


def test_a_seed_fixes_the_images():
    one, other = (dead_leaves(20, size=8, rng=rng)[0] for rng in (3, np.random.default_rng(3)))
    assert torch.equal(one.pixels, other.pixels)
    assert not torch.equal(one.pixels, dead_leaves(20, size=8, rng=4)[0].pixels)


def test_classes_are_balanced_and_sources_say_how_they_were_made():
    training, test = dead_leaves(40, size=8, classes=("disc", "bar:0"), test=0.25, channels=1, radii=(0.5, 4))
    assert torch.bincount(training.labels).tolist() == [15, 15]
    assert torch.bincount(test.labels).tolist() == [5, 5]
    assert training.pixels.shape == (30, 1, 8, 8)
    assert test.source == "test images of dead leaves with radii of 0.5 to 4 pixels and exponent 3"


@pytest.mark.slow
def test_the_classes_can_be_learnt():
    training, test = dead_leaves(800, classes=("bar:0", "bar:45", "bar:90", "bar:135"))
    network = nn.Sequential(
        nn.Conv2d(3, 16, 5), nn.BatchNorm2d(16), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 4)
    )
    history = train(
        network, training, validation=test, epochs=8, batch=32, optimiser="adam", rate=0.01, flip=False, progress=False
    )
    assert float(history.validation_accuracy[-1]) > 0.6


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"count": 7}, "7 images of 4 classes"),
        ({"classes": ("disk",)}, "no leaf named 'disk'; there are disc, square"),
        ({"classes": ("bar:steep",)}, "leaves 'bar:steep': after the colon"),
        ({"classes": ()}, "0 classes"),
        ({"size": 0}, "0 size"),
        ({"smooth": 0}, "0 smooth"),
        ({"channels": 2}, "2 channels"),
        ({"radii": (0, 4)}, "radii from 0 to 4"),
        ({"radii": (4, 2)}, "radii from 4 to 2"),
        ({"exponent": float("nan")}, "exponent of nan"),
        ({"test": 1.0}, "a test share of 1.0"),
    ],
)
def test_what_makes_no_sense_is_refused(options: dict, told: str):
    with pytest.raises(ValueError, match=told):
        dead_leaves(options.pop("count", 20), **{"size": 8, **options})
