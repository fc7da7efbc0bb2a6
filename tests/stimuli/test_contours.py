"""Angles and arcs: bars where they are straight, shapes drawn by counting points elsewhere, and how far they reach."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cortexcnn.screen import Screen
from cortexcnn.stimuli import KINDS, render, sweep

SCREEN = Screen(4, 48)
TURNS = st.floats(0, 359.9)


def drawn(kind, **parameters):
    """Coverage of each pixel by one light stimulus."""
    return 2 * (render(sweep(kind, **parameters), SCREEN, dtype=torch.float64).numpy()[0, 0] - 0.5)


def counted(inside, fine=24):
    """Coverage by counting points that lie inside."""
    at = (np.arange(48 * fine) + 0.5) / (12 * fine) - 2
    shares = inside(at[None, :], -at[:, None])
    return shares.reshape(48, fine, 48, fine).mean((1, 3))


def along(x, y, degrees):
    angle = np.deg2rad(degrees)
    return np.cos(angle) * x + np.sin(angle) * y, np.cos(angle) * y - np.sin(angle) * x


@given(TURNS)
def test_a_straight_angle_is_a_bar_and_one_half_line_another(direction):
    angle, place = np.deg2rad(direction), {"x": 0.1, "y": -0.2}
    straight = drawn("angle", direction=direction, opening=180, length=1.0, width=0.3, **place)
    bar = drawn("bar", orientation=direction % 180, length=2.0, width=0.3, **place)
    np.testing.assert_allclose(straight, bar, atol=1e-6)
    alone = drawn("angle", direction=direction, opening=0, length=1.0, width=0.3, **place)
    middle = {"x": 0.1 + np.cos(angle) / 2, "y": -0.2 + np.sin(angle) / 2}
    np.testing.assert_allclose(
        alone, drawn("bar", orientation=direction % 180, length=1.0, width=0.3, **middle), atol=1e-6
    )


@pytest.mark.parametrize("opening", [20, 45, 90, 140])
@pytest.mark.parametrize("direction", [0, 33, 275])
def test_an_angle_is_two_strokes_with_their_outer_corners_joined(direction, opening):
    length, half = 1.3, 0.15

    def inside(x, y):
        (first, left), (second, right) = along(x, y, direction), along(x, y, direction + opening)
        strokes = (np.abs(left) <= half) & (first >= 0) & (first <= length)
        strokes |= (np.abs(right) <= half) & (second >= 0) & (second <= length)
        back, _ = along(x, y, direction + opening / 2)
        turn = np.deg2rad(opening / 2)
        bevel = (first <= 0) & (second <= 0) & (-back <= half * np.sin(turn))
        return strokes | bevel

    covered = drawn("angle", direction=direction, opening=opening, length=length, width=2 * half)
    np.testing.assert_allclose(covered, counted(inside), atol=0.02)


@pytest.mark.parametrize("curvature", [0.0, 0.3, 1.0, 2.0, 2 * np.pi / 1.7])
@pytest.mark.parametrize("direction", [0, 57, 200])
def test_an_arc_is_a_ring_between_two_rays(direction, curvature):
    length, half = 1.7, 0.2

    def inside(x, y):
        ahead, beside = along(x, y, direction)
        if not curvature:
            return (np.abs(ahead) <= half) & (np.abs(beside) <= length / 2)
        radius = 1 / curvature
        ring = np.abs(np.hypot(ahead + radius, beside) - radius) <= half
        return ring & (np.abs(np.arctan2(beside, ahead + radius)) * radius <= length / 2 + 1e-9)

    covered = drawn("arc", direction=direction, curvature=curvature, length=length, width=2 * half)
    np.testing.assert_allclose(covered, counted(inside), atol=0.05 if curvature <= 1 else 0.12)  # at its corners


@given(TURNS, st.floats(0, 2))
def test_an_arc_covers_as_much_as_it_is_long_and_wide(direction, curvature):
    covered = drawn("arc", direction=direction, curvature=curvature, length=1.5, width=0.25)
    assert covered.sum() / 12**2 == pytest.approx(1.5 * 0.25, rel=0.01)


def test_a_hardly_bent_arc_is_a_line():
    line, bent = (drawn("arc", direction=20, curvature=curvature, length=2) for curvature in (0, 1e-9))
    np.testing.assert_allclose(line, bent, atol=1e-6)
    np.testing.assert_allclose(line, drawn("bar", orientation=110, length=2, width=0.2), atol=0.02)


@given(TURNS, st.floats(0, 180), st.floats(0, 1.5), st.sampled_from(["angle", "arc"]))
def test_nothing_is_drawn_beyond_its_extent(direction, opening, curvature, kind):
    bend = {"opening": opening} if kind == "angle" else {"curvature": curvature}
    covered = drawn(kind, direction=direction, length=1.2, width=0.3, **bend) > 0.01
    rows = {name: np.array([value]) for name, value in {"direction": direction, **bend}.items()}
    wide, high = KINDS[kind].extent({**rows, "length": np.array([1.2]), "width": np.array([0.3])})
    at = np.abs((np.arange(48) + 0.5) / 12 - 2) - 0.5 / 12  # the nearer side of each pixel
    assert at[covered.any(0)].max() <= wide[0] + 1e-6
    assert at[covered.any(1)].max() <= high[0] + 1e-6


def test_dark_ones_are_the_negative_and_tables_tell_where_they_open():
    light, dark = (render(sweep("angle", polarity=name), SCREEN) for name in ("light", "dark"))
    np.testing.assert_allclose(light + dark, 1, atol=1e-6)
    assert sweep("angle", direction=300, opening=150).bisector.item() == 15


def test_more_than_a_circle_is_refused():
    with pytest.raises(ValueError, match=r"at most a whole circle: curvature × length ≤ 2π"):
        sweep("arc", curvature=4, length=2)
    with pytest.raises(ValueError, match="no wider than its circle"):
        sweep("arc", curvature=3, length=1, width=1)
    with pytest.raises(ValueError, match="opening"):
        sweep("angle", opening=200)
