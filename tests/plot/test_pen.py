"""Lines are drawn once where several run together, with an arrowhead for each end."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.patches import PathPatch, Polygon
from matplotlib.path import Path

from cortexcnn.plot.pen import Pen


@pytest.fixture
def pen():
    made = Pen(None, 4.0, 2.0, origin=(0.5, 0.25))
    yield made
    plt.close(made.axes.figure)


def test_the_sheet_has_the_inches_that_were_asked_for(pen):
    assert tuple(pen.axes.figure.get_size_inches()) == (4.0, 2.0)
    assert pen.scale == pytest.approx(1)
    dots = pen.axes.figure.dpi
    assert np.allclose(pen.axes.transData.transform([[0, 0], [3.5, 1.75]]) / dots, [[0.5, 1.75], [4.0, 0.0]])


def test_what_lines_share_is_drawn_once(pen):
    pen.lines([[(0, 0), (1, 0)], [(0, 0), (2, 0)], [(0, 0), (0.5, 0), (0.5, 1), (1, 1)]], colour="0.3", heads=True)
    (stroke,) = [patch for patch in pen.axes.patches if isinstance(patch, PathPatch)]
    path = stroke.get_path()
    along = [(a[0], b[0]) for a, b, code in zip(path.vertices, path.vertices[1:], path.codes[1:], strict=False)
             if code == Path.LINETO and a[1] == b[1] == 0]  # fmt: skip
    assert len(along) == 1
    assert along[0][0] == 0
    assert along[0][1] == pytest.approx(2, abs=0.05)  # under the arrowhead
    heads = [patch.get_xy() for patch in pen.axes.patches if isinstance(patch, Polygon)]
    assert sorted(tuple(head[0]) for head in heads) == [(1, 0), (1, 1), (2, 0)]
    assert sum(code == Path.CURVE3 for code in path.codes) == 4  # two corners


def test_corners_are_never_rounder_than_their_lines_are_long(pen):
    pen.lines([[(0, 0), (1, 0), (1, 0.02), (2, 0.02)]], colour="0.3")
    vertices = pen.axes.patches[0].get_path().vertices
    assert vertices[:, 1].min() == 0
    assert vertices[:, 1].max() == 0.02
