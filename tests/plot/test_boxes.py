"""A box takes the room that it says, and every kind of node has a colour of its own."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.patches import Circle, Polygon

from cortexcnn.models.describe import KINDS
from cortexcnn.plot.boxes import KIND_COLOURS, Box
from cortexcnn.plot.pen import Pen

VIEW = {"pixels": 32, "degrees": 2.0}
NODE = {"node": "conv", "kind": "convolution", "type": "Conv2d", "module": "conv", "filters": 8, "kernel": "3×3",
        "stride": "1", "padding": "0", "dilation": "1", "groups": 1, "contents": "", "output_shape": "8×30×30",
        "parameters": 80, "whole_image": False, "rf_pixels": 3, "rf_degrees": 0.19, "rows": 30, "columns": 30,
        "channels": 8, "view": VIEW}  # fmt: skip


def test_every_kind_has_a_colour_of_its_own():
    assert set(KIND_COLOURS) == set(KINDS) - {"joint"}
    colours = [np.array(to_rgb(colour)) for colour in KIND_COLOURS.values()]
    apart = [np.abs(one - other).max() for k, one in enumerate(colours) for other in colours[:k]]
    assert min(apart) > 0.1


@pytest.mark.parametrize(
    "changes",
    [
        {}, {"rows": 1, "columns": 1, "channels": 4096}, {"rows": 1, "columns": 1, "channels": 1}, {"groups": 2},
        {"rows": 1, "columns": 64, "channels": 1}, {"kind": "activation"}, {"kind": "joint", "type": "+"},
        {"kind": "joint", "type": "bmm"}, {"rows": 2, "columns": 2, "channels": 200_000},
    ],
)  # fmt: skip
def test_a_box_stays_within_its_room(changes):
    box = Box({**NODE, **changes})
    box.strips.append({**NODE, "node": "act", "kind": "activation"})
    box.electrodes += ["conv", "act"]
    size = box.size()
    pen = Pen(None, 4.0, 4.0)
    box.draw(pen, (2.0, 2.0), 3.0)
    corners = [patch.get_xy() for patch in pen.axes.patches if isinstance(patch, Polygon)]
    corners += [np.array([p.center]) + s * p.radius for p in pen.axes.patches if isinstance(p, Circle) for s in (-1, 1)]
    low, high = np.concatenate(corners).min(axis=0), np.concatenate(corners).max(axis=0)
    slack = 0.1  # half an electrode may stand beside a joint
    assert low[0] >= 2 - size.width / 2 - slack
    assert high[0] <= 2 + size.width / 2 + slack
    assert low[1] >= 2 - size.above - 1e-9
    assert high[1] <= 2 + size.below + 1e-9
    assert [patch for patch in pen.axes.patches if patch.get_zorder() == 4]
    plt.close(pen.axes.figure)


def test_few_groups_cut_the_front():
    pen = Pen(None, 2.0, 2.0)
    Box({**NODE, "groups": 2}).draw(pen, (1.0, 1.0), 1.5)
    cuts = [patch for patch in pen.axes.patches if patch.get_edgecolor()[:3] == (1.0, 1.0, 1.0)]
    assert len(cuts) == 1
    assert np.allclose(cuts[0].get_path().vertices[:, 1], 1.0)
    plt.close(pen.axes.figure)
