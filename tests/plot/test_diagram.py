"""A diagram can be read: no writing lies on other writing, on boxes or on lines, and all is drawn that is there."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
import xarray as xr
from matplotlib.colors import to_rgba
from matplotlib.patches import Circle, PathPatch, Polygon
from matplotlib.path import Path
from matplotlib.transforms import Bbox
from torch import nn

from cortexcnn import plot
from cortexcnn.models import Eye, Network, load, wrap
from cortexcnn.plot.boxes import KIND_COLOURS


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture(autouse=True)
def no_time_for_random_weights(monkeypatch):
    """The picture does not hang on weights, and a hundred million random ones take their time."""
    for name in ("uniform_", "normal_", "trunc_normal_", "kaiming_uniform_", "kaiming_normal_", "xavier_uniform_"):
        monkeypatch.setattr(nn.init, name, lambda tensor, *_, **__: tensor)


class Block(nn.Module):
    """Two branches that are put side by side, and a skip."""

    def __init__(self, norm: bool = False) -> None:
        super().__init__()
        self.left, self.right = nn.Conv2d(2, 1, 3, padding=1), nn.Conv2d(2, 1, 1)
        self.act, self.norm = nn.ReLU(), nn.BatchNorm2d(2) if norm else nn.Identity()

    def forward(self, maps):
        made = torch.cat([self.act(self.left(maps)), self.right(maps)], 1)
        return self.norm(made + maps)


def network(*layers: nn.Module) -> Network:
    return wrap(nn.Sequential(*layers), Eye(channels=2, pixels=16, degrees=2), name="mine")


def extents(ax) -> list[tuple[str, Bbox]]:
    renderer = ax.figure.canvas.get_renderer()
    return [(text.get_text(), text.get_window_extent(renderer)) for text in ax.texts]


def strokes(ax) -> np.ndarray:
    """Left, bottom, right and top of every straight stretch of the lines that lead from box to box."""
    found = []
    for patch in ax.patches:
        if isinstance(patch, PathPatch) and patch.get_zorder() == 1:
            path = patch.get_path()
            places = ax.transData.transform(path.vertices)
            straight = path.codes[1:] == Path.LINETO
            found += np.sort(np.stack([places[:-1], places[1:]], axis=1)[straight], axis=1).reshape(-1, 4).tolist()
    return np.array(found)


def overlapping(ax) -> list[tuple[str, str]]:
    """Writing that lies on other writing, on a box, on a line, or beyond the figure."""
    words, boxes = zip(*extents(ax), strict=True)
    written = np.array([box.extents for box in boxes])
    solids = [ax.transData.transform(p.get_xy())[:4] for p in ax.patches if isinstance(p, Polygon)]
    solids = np.array([[*corners.min(axis=0), *corners.max(axis=0)] for corners in solids])
    found = [(words[k], words[n]) for k, n in zip(*np.nonzero(meet(written, written)), strict=True) if k < n]
    found += [(words[k], "a box") for k in np.nonzero(meet(written, np.add(solids, [1, 1, -1, -1])))[0]]
    found += [(words[k], "a line") for k in np.nonzero(meet(written, strokes(ax)))[0]]
    outside = (written[:, :2] < -1).any(axis=1) | (written[:, 2:] > np.array(ax.figure.bbox.size) + 1).any(axis=1)
    return found + [(words[k], "the edge") for k in np.nonzero(outside)[0]]


def meet(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Which rectangles of the one share anything with which of the other; rectangles may be lines."""
    low, high = (pick(one[:, None, part], other[None, :, part]) for pick, part in
                 ((np.maximum, slice(0, 2)), (np.minimum, slice(2, 4))))  # fmt: skip
    return (low <= high).all(axis=-1)


NETWORKS = [
    ("alexnet", None), ("vgg11", None), ("resnet18", None), ("resnet18", 1), ("resnet18", 2), ("squeezenet1_1", None),
    ("squeezenet1_1", 2), ("googlenet", 1), ("densenet121", 1), ("densenet121", 2), ("mobilenet_v2", 1),
    ("mobilenet_v2", 2), ("cortexnet", None), ("classical_v1", None), ("alexnet_2012", None),
]  # fmt: skip
LARGE = [("googlenet", None), ("densenet121", 3), ("mobilenet_v2", None), ("vit_b_32", 4), ("inception_v3", None)]


@pytest.mark.parametrize(("name", "depth"), NETWORKS + [pytest.param(*one, marks=pytest.mark.slow) for one in LARGE])
def test_no_writing_lies_on_anything(name, depth):
    graph = load(name, weights="default" if name == "classical_v1" else "none").graph(depth)
    ax = plot.diagram(graph)
    assert overlapping(ax) == []
    assert ax.texts[0].get_text() == name


def bold(ax) -> list[str]:
    return [text.get_text() for text in ax.texts if text.get_weight() == "bold"]


def colours(ax) -> list[tuple[float, ...]]:
    """Of the fronts of boxes, strips and swatches."""
    return [patch.get_facecolor() for patch in ax.patches if isinstance(patch, Polygon)]


def count(ax, kind: str) -> int:
    return colours(ax).count(to_rgba(KIND_COLOURS[kind]))


def test_what_is_written():
    ax = plot.diagram(network(nn.Conv2d(2, 6, 5, stride=2, groups=2), nn.BatchNorm2d(6), nn.ReLU()).graph())
    written = [text.get_text() for text in ax.texts]
    assert bold(ax) == ["mine", "image", "0"]
    assert "input 16 × 16 pixels, 2° of visual angle   ·   168 parameters   ·   weights as given" in written
    for line in ("6 filters 5×5", "stride 2, 2 groups", "6 × 6 × 6", "156 parameters", "sees 5 px, 0.62°"):
        assert line in written
    assert {"convolution (Conv2d)", "normalisation (BatchNorm2d)", "activation (ReLU)"} < set(written)


def test_what_changes_no_shape_is_a_strip_unless_its_input_is_read_elsewhere():
    alone = plot.diagram(network(nn.Conv2d(2, 2, 1), nn.ReLU()).graph())
    assert bold(alone) == ["mine", "image", "0"]
    assert count(alone, "activation") == 2  # the strip and its swatch

    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.act = nn.Conv2d(2, 2, 1), nn.ReLU()

        def forward(self, maps):
            maps = self.conv(maps)
            return self.act(maps) + maps

    assert bold(plot.diagram(network(Twice()).graph())) == ["mine", "image", "0.conv", "0.act"]


def test_branches_and_skips_have_their_signs():
    ax = plot.diagram(network(nn.Conv2d(2, 2, 1), Block(norm=True), nn.Conv2d(2, 2, 1)).graph())
    assert bold(ax) == ["mine", "image", "0", "1.left", "1.right", "2"]
    assert {"sum", "channels side by side", "2 × 16 × 16"} <= {text.get_text() for text in ax.texts}
    assert sum(isinstance(patch, Circle) for patch in ax.patches) == 4  # two joints and two in the key
    assert count(ax, "normalisation") == 2  # on the joint, and in the key
    assert overlapping(ax) == []


def front(ax, kind: str) -> np.ndarray:
    """Width and height of the first box of a kind."""
    wanted = to_rgba(KIND_COLOURS[kind])
    box = next(p for p in ax.patches if isinstance(p, Polygon) and p.get_facecolor() == wanted)
    return np.ptp(box.get_xy(), axis=0)


def test_boxes_grow_with_the_map_and_with_the_channels():
    small = plot.diagram(network(nn.Conv2d(2, 4, 3, stride=4)).graph())
    large = plot.diagram(network(nn.Conv2d(2, 64, 3)).graph())
    assert np.all(front(large, "convolution") > front(small, "convolution"))
    flat = plot.diagram(network(nn.Flatten(), nn.Linear(512, 4), nn.Flatten(), nn.Linear(4, 1000)).graph())
    bars = [np.ptp(p.get_xy(), axis=0) for p in flat.patches if isinstance(p, Polygon)]
    wanted = to_rgba(KIND_COLOURS["connected"])
    few, many = (bar for bar, colour in zip(bars, colours(flat), strict=True) if colour == wanted and bar[1] > 0.12)
    assert many[1] > few[1]


def test_rows_end_where_the_width_ends():
    graph = network(*[nn.Conv2d(2, 2, 1) for _ in range(12)]).graph()
    wide, narrow = plot.diagram(graph, width=30.0), plot.diagram(graph, width=6.0)
    assert narrow.figure.get_figwidth() < 6.5 < wide.figure.get_figwidth()
    assert len({round(box.y0) for text, box in extents(wide) if text.isdigit()}) == 1
    assert len({round(box.y0) for text, box in extents(narrow) if text.isdigit()}) == 3
    assert overlapping(narrow) == []


def test_an_axes_of_any_size_holds_it_all():
    graph = network(nn.Conv2d(2, 2, 1), Block(), nn.MaxPool2d(2)).graph()
    natural = plot.diagram(graph).texts[0].get_fontsize()
    drawn, (left, right) = plot.figure(1, 2, width=2.5, height=2.0)
    drawn.canvas.draw()
    ax = plot.diagram(graph, ax=right)
    assert ax is right
    assert not left.texts
    assert ax.texts[0].get_fontsize() < 0.7 * natural
    drawn.canvas.draw()
    assert overlapping(ax) == []


@pytest.mark.parametrize(
    ("depth", "layer", "box"),
    [(None, "1.left", "1.left"), (None, "1.act", "1.left"), (None, "1", "add"), (1, "1.act", "1"), (1, "1", "1")],
)
def test_an_electrode_stands_over_its_layer(depth, layer, box):
    net = network(nn.Conv2d(2, 2, 1), Block(), nn.Conv2d(2, 2, 1))
    ax = plot.diagram(net.graph(depth), electrodes=[layer])
    needles = [p.get_xy() for p in ax.patches if isinstance(p, Polygon) and p.get_zorder() == 4]
    assert len(needles) == 2  # and one in the key
    tip = needles[0][np.argmax(needles[0][:, 1])]
    if box == "add":
        joints = [patch for patch in ax.patches if isinstance(patch, Circle)]
        middle, half = joints[1].center[0], 2 * joints[1].radius  # on the strip beside it, which ends the block
    else:
        (name,) = [text for text in ax.texts if text.get_text() == box]
        middle, half = name.get_position()[0], 0.3
    assert abs(tip[0] - middle) < half
    assert "electrode" in {text.get_text() for text in ax.texts}


def test_bad_graphs_are_refused():
    graph = network(nn.Conv2d(2, 2, 1), nn.ReLU()).graph()
    with pytest.raises(ValueError, match=r"lacks kind, rf_degrees: draw what Network.graph"):
        plot.diagram(graph.drop_vars(["kind", "rf_degrees"]))
    with pytest.raises(ValueError, match="lacks weights"):
        plot.diagram(graph.drop_attrs().assign_attrs(model="mine", pixels=16, degrees=2.0, parameters=6))
    with pytest.raises(ValueError, match="no colour for nodes of kind magic; there are joint, image, convolution"):
        plot.diagram(graph.assign(kind=("node", ["image", "magic", "activation"])))
    with pytest.raises(ValueError, match="leads from 1 to 0: each node must come after"):
        plot.diagram(graph.assign(source=("edge", ["image", "1"]), target=("edge", ["0", "0"])))
    with pytest.raises(ValueError, match="leads from nowhere to 1"):
        plot.diagram(graph.assign(source=("edge", ["image", "nowhere"])))
    with pytest.raises(ValueError, match="no layer 'features' is drawn; nearest are"):
        plot.diagram(graph, electrodes=["features"])
    for width in (0, -1.0, float("nan")):
        with pytest.raises(ValueError, match="a diagram is wider than 0 inches"):
            plot.diagram(graph, width=width)


def test_a_graph_that_was_saved_can_be_drawn(tmp_path):
    graph = network(nn.Conv2d(2, 2, 1), Block()).graph()
    graph.to_netcdf(tmp_path / "graph.nc", engine="h5netcdf")
    with xr.open_dataset(tmp_path / "graph.nc", engine="h5netcdf") as again:
        assert bold(plot.diagram(again)) == bold(plot.diagram(graph))
