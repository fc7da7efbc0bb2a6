"""What is written under boxes: nothing is lost, and it takes the room that it says."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from cortexcnn.models import Eye, wrap
from cortexcnn.plot.captions import caption, extent, wrapped
from cortexcnn.plot.style import figure


@given(st.lists(st.text("abcdefgh", min_size=1, max_size=12), min_size=1, max_size=8), st.integers(3, 30))
def test_wrapping_loses_nothing_and_breaks_only_where_it_may(parts, most):
    lines = wrapped(".".join(parts), ".", most)
    assert "".join(lines) == ".".join(parts)
    lengths = [len(part) + 1 for part in parts[:-1]] + [len(parts[-1])]
    room = max(most, *lengths)
    assert all(len(line) <= room for line in lines)
    used, fewest = 0, 1
    for length in lengths:
        used, fewest = (length, fewest + 1) if used + length > room else (used + length, fewest)
    assert len(lines) == fewest


def test_nothing_has_no_lines():
    assert wrapped("", ", ", 10) == []
    assert extent(wrapped("", ".", 3), size=7) == (0.0, 0.0)


@pytest.mark.parametrize("dots", [72, 100, 300])
@pytest.mark.parametrize("bold", [False, True])
def test_extent_is_what_matplotlib_draws(dots, bold):
    drawn, ax = figure()
    drawn.set_dpi(dots)
    for text in ("features.denseblock1.", "96 filters 11×11", "sees 1047 px, 37°", "i"):
        shown = ax.text(0, 0, text, fontsize=7, weight="bold" if bold else "normal").get_window_extent()
        width, _ = extent([text], size=7, bold=bold)
        assert shown.width / dots <= width + 1.5 / dots
        assert width < 1.1 * shown.width / dots + 3 / dots
    plt.close(drawn)


def rows(*layers: nn.Module) -> list[dict]:
    graph = wrap(nn.Sequential(*layers), Eye(channels=4, pixels=16, degrees=2), name="mine").graph(1)
    view = {"pixels": 16, "degrees": 2.0}
    table = graph.drop_dims("edge").to_dataframe().reset_index()
    return [{**row, "view": view} for row in table.to_dict("records")]


@pytest.mark.parametrize(
    ("layer", "lines"),
    [
        (nn.Conv2d(4, 8, (1, 3), padding=(0, 1)), ["8 filters 1×3", "padding 0×1", "8 × 16 × 16", "104 parameters"]),
        (nn.Conv2d(4, 4, 3, groups=4, bias=False), ["4 filters 3×3", "depthwise", "4 × 14 × 14", "36 parameters"]),
        (nn.Conv2d(4, 8, 3, dilation=2, groups=2), ["8 filters 3×3", "dilation 2, 2 groups", "8 × 12 × 12"]),
        (nn.ConvTranspose2d(4, 2, 2), ["ConvTranspose2d", "2 filters 2×2", "2 × 17 × 17", "34 parameters"]),
        (nn.AvgPool2d(2), ["AvgPool2d 2×2", "stride 2", "4 × 8 × 8"]),
        (nn.AdaptiveAvgPool2d(1), ["AdaptiveAvgPool2d", "4 × 1 × 1", "sees whole image"]),
        (nn.Flatten(), ["Flatten", "1024 units", "sees whole image"]),
        (nn.Sequential(nn.Conv2d(4, 4, 1), nn.Conv2d(4, 4, 1)), ["2 conv 1×1", "4 × 16 × 16", "40 parameters"]),
        (nn.Sequential(nn.ReLU(), nn.Tanh()), ["Sequential", "4 × 16 × 16"]),
    ],
)  # fmt: skip
def test_what_is_said_of_a_layer(layer, lines):
    name, said = caption(rows(layer)[1])
    assert name == ["0"]
    assert said[: len(lines)] == lines
    assert said[-1].startswith("sees ")


def test_millions_are_rounded():
    said = caption(rows(nn.Flatten(), nn.Linear(1024, 1500))[2])[1]
    assert said == ["Linear", "1500 units", "1.54 M parameters", "sees whole image"]
