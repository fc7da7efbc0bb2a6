"""Noise: independent checks, exact spectra, the same picture through any window, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cortexcnn.screen import Screen, Window
from cortexcnn.stimuli import check_drawable, render, sweep

SCREEN = Screen(degrees=6, pixels=48)
NOISES = {
    "binary": sweep("white_noise", seed=range(5), check=0.3, blank=True),
    "gaussian": sweep("white_noise", seed=range(5), check=0.375, distribution="gaussian"),
    "power": sweep("power_noise", seed=range(3), exponent=[0, 1.5]),
    "filtered": sweep("filtered_noise", seed=range(3), orientation=[0, 70]),
    "spots": sweep("spot", x=[-1, 0.3], y=0.2, shape=["square", "disc"], polarity=["light", "dark"]),
}


def drawn(table, screen=SCREEN, **options):
    return render(table, screen, dtype=torch.float64, **options)[:, 0].numpy()


@settings(deadline=None, max_examples=30)
@given(
    st.sampled_from(list(NOISES)),
    st.tuples(st.integers(0, 40), st.integers(1, 8), st.integers(0, 40), st.integers(1, 8)),
    st.data(),
)
def test_any_rows_through_any_window_are_those_of_the_whole_screen(name, box, data):
    top, high, left, wide = box
    table = NOISES[name]
    rows = data.draw(st.lists(st.integers(0, table.sizes["stimulus"] - 1), min_size=1, max_size=4))
    window = Window(top, top + high, left, left + wide)
    part = render(table, SCREEN, rows=rows, window=window)
    assert torch.equal(part, render(table, SCREEN)[rows][..., top : top + high, left : left + wide])


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no accelerator")
@pytest.mark.parametrize("name", NOISES)
def test_an_accelerator_shows_the_same(name):
    on_device = render(NOISES[name], SCREEN, device="cuda").cpu()
    assert (on_device - render(NOISES[name], SCREEN)).abs().max() < 1e-6


@settings(deadline=None, max_examples=20)
@given(st.sampled_from(["binary", "gaussian"]), st.integers(0, 2**53), st.integers(1, 5), st.floats(0.1, 1))
def test_white_noise_stays_within_its_contrast_and_is_checks(distribution, seed, side, contrast):
    screen = Screen(5, 30)
    table = sweep("white_noise", seed=seed, check=side / 6, distribution=distribution, contrast=contrast)
    picture = drawn(table, screen)[0]
    assert np.abs(picture - 0.5).max() <= contrast / 2 + 1e-12
    corner = np.arange(30) // side * side
    np.testing.assert_array_equal(picture, picture[corner][:, corner])
    if distribution == "binary":
        np.testing.assert_allclose(np.abs(picture - 0.5), contrast / 2)


@pytest.mark.parametrize("distribution", ["binary", "gaussian"])
def test_checks_are_independent_across_places_and_seeds(distribution):
    table = sweep("white_noise", seed=range(1000), check=1, distribution=distribution)
    values = 2 * drawn(table, Screen(8, 8)).reshape(1000, 64) - 1
    together = np.corrcoef(np.concatenate([values, np.roll(values, 1, axis=0)], axis=1).T) - np.eye(128)
    z = np.abs(np.sqrt(1000) * together).max()
    assert z < 5  # of 8128 pairs
    if distribution == "gaussian":
        assert scipy.stats.kstest(3 * values.ravel(), scipy.stats.truncnorm(-3, 3).cdf).pvalue > 1e-3
    else:
        assert abs(values.mean()) < 4 / np.sqrt(64_000)


def test_a_pixel_between_checks_shows_their_mean():
    table = sweep("white_noise", seed=range(20), check=1.25)
    fine = drawn(table, Screen(5, 20)).reshape(20, 5, 4, 5, 4).mean((2, 4))
    np.testing.assert_allclose(drawn(table, Screen(5, 5)), fine, atol=1e-12)


def test_a_screen_of_the_checks_alone_shows_each_once():
    table = sweep("white_noise", seed=range(3), check=0.25, distribution="gaussian")
    np.testing.assert_array_equal(drawn(table, Screen(6, 48))[:, ::2, ::2], drawn(table, Screen(6, 24)))


@pytest.mark.parametrize("pixels", [47, 48])
@pytest.mark.parametrize("exponent", [0, 1, 2.5])
def test_amplitudes_fall_as_the_power_says(pixels, exponent):
    picture = drawn(sweep("power_noise", seed=7, exponent=exponent), Screen(6, pixels))[0]
    found = np.abs(np.fft.fft2(picture - 0.5))
    f = np.hypot(np.fft.fftfreq(pixels, 6 / pixels)[:, None], np.fft.fftfreq(pixels, 6 / pixels))
    inside = (f > 0) & (f < pixels / 12 * (1 - 1e-9))
    scaled = found[inside] * f[inside] ** exponent
    np.testing.assert_allclose(scaled, scaled[0], rtol=1e-8)
    assert found[~inside].max() < 1e-8 * found.max()
    assert np.abs(picture - 0.5).max() == pytest.approx(0.5)


@settings(deadline=None, max_examples=20)
@given(st.floats(0, 179.9), st.floats(0.8, 2.5), st.integers(0, 10**6))
def test_filtered_noise_keeps_to_its_band(orientation, frequency, seed):
    table = sweep(
        "filtered_noise",
        seed=seed,
        orientation=orientation,
        orientation_bandwidth=12,
        spatial_frequency=frequency,
        spatial_frequency_bandwidth=0.8,
    )
    screen = Screen(10, 80)
    right = np.fft.fftfreq(80, 1 / 8)
    power = np.abs(np.fft.fft2(drawn(table, screen)[0] - 0.5)) ** 2
    vector = right + 1j * -right[:, None]  # rows count down
    along = (power * vector**2).sum()  # a wave and its mirror image are one
    assert abs((np.rad2deg(np.angle(along)) / 2 + 90 - orientation + 90) % 180 - 90) < 2
    assert np.sqrt((power * np.abs(vector) ** 2).sum() / power.sum()) == pytest.approx(frequency, rel=0.1)


def test_half_the_amplitude_lies_at_the_bandwidths():
    options = {"seed": 1, "spatial_frequency": 2.0, "orientation": 90.0}
    inf = float("inf")
    wide = sweep("filtered_noise", **options, orientation_bandwidth=inf, spatial_frequency_bandwidth=2)
    row = np.abs(np.fft.fft2(drawn(wide, Screen(8, 64))[0] - 0.5))[0]  # waves to the right: k / 8 cycles/degree
    assert row[8] / row[16] == pytest.approx(0.5)  # one of the two octaves from cut to cut
    turned = drawn(
        sweep("filtered_noise", **options, orientation_bandwidth=45, spatial_frequency_bandwidth=inf), Screen(8, 64)
    )[0]
    amplitude = np.abs(np.fft.fft2(turned - 0.5))
    assert amplitude[5, 5] / amplitude[0, 5] == pytest.approx(0.5)


def test_noise_is_the_same_at_any_resolution():
    table = sweep("filtered_noise", seed=range(3), spatial_frequency=1, spatial_frequency_bandwidth=0.5)
    coarse, fine = drawn(table, Screen(6, 45)), drawn(table, Screen(6, 135))[:, 1::3, 1::3]  # pixels that share middles
    for one, other in zip(coarse, fine, strict=True):
        assert np.corrcoef(one.ravel(), other.ravel())[0, 1] > 1 - 1e-6


def test_spots_are_squares_and_discs_of_their_size_and_sign():
    pictures = drawn(NOISES["spots"]) - 0.5
    area = pictures.sum((1, 2)) / 64 * 2  # square degrees
    sign = np.where(NOISES["spots"].polarity == "light", 1, -1)
    wanted = np.where(NOISES["spots"]["shape"] == "square", 0.25, np.pi / 16)
    np.testing.assert_allclose(area, sign * wanted, rtol=0.03)
    middle = np.abs(pictures) / np.abs(pictures).sum((1, 2), keepdims=True)
    np.testing.assert_allclose((middle.sum(1) * SCREEN.centres()[0]).sum(1), NOISES["spots"].x, atol=1e-3)


@pytest.mark.parametrize(
    ("kind", "parameters", "said"),
    [
        ("white_noise", {"seed": 0.5}, r"seed 0.5 of stimulus 0: a seed is a whole number"),
        ("white_noise", {"seed": -1}, r"seed -1.0: seed is a number in \[0, 9.00"),
        ("white_noise", {"distribution": "cauchy"}, "one of binary, gaussian"),
        ("power_noise", {"exponent": 9}, "exponent 9.0: exponent is a number in"),
        ("filtered_noise", {"orientation_bandwidth": 0}, "orientation_bandwidth 0.0"),
        ("spot", {"shape": "star"}, "one of square, disc"),
    ],
)
def test_what_a_table_refuses(kind, parameters, said):
    with pytest.raises(ValueError, match=said):
        sweep(kind, **parameters)


@pytest.mark.parametrize(
    ("kind", "parameters", "said"),
    [
        ("white_noise", {"check": [0.5, 0.1]}, r"check 0.1 of stimulus 1 is finer than a pixel of 0.125 degrees; show"),
        ("filtered_noise", {"spatial_frequency": 0.1}, r"0.1 of stimulus 0 is below 0.166667 cycles/degree, one cycle"),
        ("filtered_noise", {"spatial_frequency": 5}, "Nyquist"),
    ],
)
def test_what_a_screen_refuses(kind, parameters, said):
    for door in (check_drawable, render):
        with pytest.raises(ValueError, match=said):
            door(sweep(kind, **parameters), SCREEN)


def test_a_screen_of_two_pixels_carries_no_wave():
    with pytest.raises(ValueError, match="2 pixels a side carries no wave"):
        render(sweep("power_noise"), Screen(1, 2))
