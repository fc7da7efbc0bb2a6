"""The graph of a network: what feeds what, against torch.fx, by recursion, and where tensors are written in place."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import pytest
import torch
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional
from torchvision.models.feature_extraction import NodePathTracer

from cortexcnn.models import Eye, load, wrap
from cortexcnn.models.graph import boxes


def edges(graph: xr.Dataset) -> set[tuple[str, str]]:
    return set(zip(graph["source"].values.tolist(), graph["target"].values.tolist(), strict=True))


def graph_of(module: nn.Module, pixels: int = 16, depth: int | None = None) -> xr.Dataset:
    return wrap(module, Eye(channels=2, pixels=pixels), name="mine").graph(depth)


def inputs(graph: xr.Dataset, node: str) -> list[str]:
    return graph["source"].values[graph["target"].values == node].tolist()


class Skip(nn.Module):
    """A stem, a block with a way around it, and a head that is called twice."""

    def __init__(self):
        super().__init__()
        self.stem, self.block, self.head = nn.Conv2d(2, 2, 3), nn.Conv2d(2, 2, 3, padding=1), nn.ReLU()

    def forward(self, image):
        seen = self.head(self.stem(image))
        return self.head(seen + self.block(seen))


def test_bottlenecks_are_what_nothing_goes_around():
    network = wrap(Skip(), Eye(channels=2, pixels=16), name="mine")
    assert network.bottlenecks("block") == ["stem"]  # the head too, but for its second call
    assert network.bottlenecks("head") == ["stem"]
    assert network.bottlenecks("stem") == []
    squeeze = load("squeezenet1_1", weights="none")
    # What a fire module expands goes two ways; its squeeze is before both.
    assert squeeze.bottlenecks("features.3.expand3x3")[-2:] == ["features.3.squeeze", "features.3.squeeze_activation"]
    assert "features.3.expand1x1" not in squeeze.bottlenecks("features.4.squeeze")
    assert "features.3" in squeeze.bottlenecks("features.4.squeeze")
    with pytest.raises(ValueError, match="stem"):
        network.bottlenecks("stm")


def test_a_sequential_is_a_chain():
    stack = nn.Sequential(
        nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4), nn.ReLU(inplace=True), nn.Dropout(), nn.Identity(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Flatten(), nn.Linear(196, 2),
    )  # fmt: skip
    graph = graph_of(stack)
    names = ["image", *(str(k) for k in range(9))]
    assert graph["node"].values.tolist() == names
    assert edges(graph) == set(pairwise(names))
    assert graph["kind"].values.tolist() == [
        "image", "convolution", "normalisation", "activation", "dropout", "reshape", "pool", "reshape", "reshape",
        "connected",
    ]  # fmt: skip


def test_the_residual_edge_of_a_resnet():
    graph = load("resnet18", weights="none", pixels=64).graph()
    assert inputs(graph, "add") == ["layer1.0.bn2", "maxpool"]
    assert graph["type"].sel(node="add").item() == "+"
    assert inputs(graph, "layer1.0.relu_1") == ["add"]
    assert graph["call"].sel(node="layer1.0.relu_1").item() == 1
    assert inputs(graph, "add_2") == ["layer2.0.bn2", "layer2.0.downsample.1"]


def test_each_call_has_its_own_receptive_field():
    graph = load("resnet18", weights="none", pixels=64).graph()
    fields = graph["rf_pixels"].sel(node=["layer1.0.relu", "layer1.0.relu_1", "add"])
    assert fields.values.tolist() == [19, 27, 27]


def fx_edges(module: nn.Module) -> set[tuple[str, str]]:
    """Which module calls feed which, by symbolic tracing, with whatever lies between them left out."""
    tracer = NodePathTracer()
    traced = tracer.trace(module)

    @cache
    def sources(node):
        if node.op == "call_module":
            return {tracer.node_to_qualname[node]}
        if node.op == "placeholder":
            return {"image"}
        return {name for before in node.all_input_nodes for name in sources(before)}

    return {
        (source, tracer.node_to_qualname[node])
        for node in traced.nodes
        if node.op == "call_module"
        for before in node.all_input_nodes
        for source in sources(before)
    }


def contracted(graph: xr.Dataset) -> set[tuple[str, str]]:
    """The edges between modules, with the operations between them left out."""
    between = set(graph["node"].values[(graph["module"] == "").values].tolist()) - {"image"}
    found: dict[str, set[str]] = {}
    for node in graph["node"].values.tolist():
        found[node] = {name for one in inputs(graph, node) for name in (found[one] if one in between else {one})}
    return {(source, node) for node in found if node not in between for source in found[node]}


FX = ["alexnet", "resnet18", "squeezenet1_1", "googlenet", "mobilenet_v3_small", "shufflenet_v2_x0_5", "densenet121"]


@pytest.mark.parametrize("name", FX)
def test_agrees_with_symbolic_tracing(name):
    network = load(name, weights="none", pixels=96)
    assert contracted(network.graph()) == fx_edges(network.module)


@pytest.mark.parametrize("depth", [None, 1, 2, 3])
@pytest.mark.parametrize("name", ["resnet18", "googlenet", "densenet121", "vit_b_32"])
def test_every_layer_that_the_trace_saw_is_in_the_graph_or_folded_in_a_node(name, depth):
    network = load(name, weights="none", pixels=96 if name != "vit_b_32" else None)
    graph = network.graph(depth)
    modules = set(graph["module"].values.tolist())
    for layer in network.layers()["layer"].values.tolist():
        around = [layer.rsplit(".", k)[0] for k in range(layer.count(".") + 1)]
        assert modules & set(around) or any(module.startswith(f"{layer}.") for module in modules), layer
    order = {node: k for k, node in enumerate(graph["node"].values.tolist())}
    assert all(order[source] < order[target] for source, target in edges(graph))
    # nothing hangs loose: every node but the image is made of something, every node but one is used
    targets, sources = set(graph["target"].values.tolist()), set(graph["source"].values.tolist())
    assert set(order) - targets == {"image"}
    assert len(set(order) - sources) == 1


@pytest.mark.parametrize("name", ["resnet18", "googlenet", "densenet121", "squeezenet1_1"])
def test_edges_agree_with_shapes(name):
    network = load(name, weights="none", pixels=96)
    graph = network.graph()
    table = graph.drop_dims("edge").to_dataframe()
    for node, row in table.iterrows():
        before = table.loc[inputs(graph, node)]
        shapes, channels = before["output_shape"].tolist(), before["channels"]
        if row["type"] == "+":
            assert set(shapes) == {row["output_shape"]}
        elif row["type"] == "‖":
            assert channels.sum() == row["channels"]
        elif row["kind"] == "convolution":
            assert channels.tolist() == [network.module_of(row["module"]).in_channels]
        elif row["kind"] in ("activation", "normalisation", "dropout"):
            units = before["channels"] * before["rows"] * before["columns"]  # a view in between may flatten them
            assert units.tolist() == [row["channels"] * row["rows"] * row["columns"]]


def test_a_folded_graph_has_blocks_with_what_they_hold():
    graph = load("resnet18", weights="none", pixels=64).graph(1)
    assert graph["node"].values.tolist() == [
        "image", "conv1", "bn1", "relu", "maxpool", "layer1", "layer2", "layer3", "layer4", "avgpool", "fc",
    ]  # fmt: skip
    block = graph.sel(node="layer2")
    assert (block["kind"].item(), block["type"].item()) == ("block", "Sequential")
    assert block["contents"].item() == "4 conv 3×3, 1 conv 1×1"
    assert block["parameters"].item() == 525_568
    assert graph["parameters"].sum() == graph.attrs["parameters"] == 11_689_512


def test_filters_are_in_the_table():
    module = nn.Sequential(
        nn.Conv2d(2, 6, (3, 5), 2, (0, 1), 2, groups=2), nn.AvgPool2d(2), nn.Sequential(nn.Conv2d(6, 4, 1))
    )
    graph = graph_of(module, 32, depth=1)
    row = graph.sel(node="0")
    shown = [row[name].item() for name in ("filters", "kernel", "stride", "padding", "dilation", "groups")]
    assert shown == [6, "3×5", "2", "0×1", "2", 2]
    assert [graph[name].sel(node="1").item() for name in ("filters", "kernel", "stride")] == [0, "2×2", "2"]
    block = graph.sel(node="2")
    assert (block["kind"].item(), block["kernel"].item(), block["contents"].item()) == ("block", "1×1", "")


def test_functional_layers_are_nodes_and_views_are_not():
    graph = load("densenet121", weights="none", pixels=64).graph(1)
    assert graph["node"].values.tolist() == ["image", "features", "relu", "mean", "classifier"]
    assert graph["kind"].values.tolist() == ["image", "block", "activation", "pool", "connected"]
    assert graph["output_shape"].sel(node="mean").item() == "1024×1×1"


class Tree(nn.Module):
    """Branches of one input, added or concatenated: the random graphs of the law below."""

    def __init__(self, how: str, branches: list[nn.Module]) -> None:
        super().__init__()
        self.how, self.branches = how, nn.ModuleList(branches)

    def forward(self, maps):
        made = [branch(maps) for branch in self.branches]
        return torch.cat(made, 1)[:, :2] if self.how == "cat" else sum(made[1:], made[0])


LEAVES = {
    "conv": lambda: nn.Conv2d(2, 2, 3, padding=1),
    "relu": lambda: nn.ReLU(inplace=True),
    "copying relu": nn.ReLU,
    "nothing": nn.Identity,
    "norm": lambda: nn.BatchNorm2d(2),
}
TREES = st.recursive(
    st.sampled_from(sorted(LEAVES)),
    lambda inner: st.tuples(st.sampled_from(["chain", "cat", "add"]), st.lists(inner, min_size=1, max_size=3)),
    max_leaves=8,
)


def built(tree) -> nn.Module:
    if isinstance(tree, str):
        return LEAVES[tree]()
    how, parts = tree
    modules = [built(part) for part in parts]
    return nn.Sequential(*modules) if how == "chain" else Tree(how, modules)


def expected(tree, source: frozenset[str], name: str, found: set) -> frozenset[str]:
    """The module edges of a tree by recursion, and the modules that its answer comes from."""
    if isinstance(tree, str):
        found |= {(one, name) for one in source}
        return frozenset({name})
    how, parts = tree
    if how == "chain":
        for k, part in enumerate(parts):
            source = expected(part, source, f"{name}.{k}", found)
        return source
    ends = [expected(part, source, f"{name}.branches.{k}", found) for k, part in enumerate(parts)]
    return frozenset().union(*ends)


@settings(deadline=None, max_examples=60)
@given(TREES)
def test_random_graphs_are_found_by_recursion(tree):
    found: set[tuple[str, str]] = set()
    last = expected(tree, frozenset({"image"}), "0", found)
    graph = graph_of(nn.Sequential(built(tree), nn.Conv2d(2, 1, 1)).eval())
    if not _writes_what_others_read(tree, shared=False):
        assert contracted(graph) == found | {(one, "1") for one in last}


def _writes_what_others_read(tree, *, shared: bool) -> bool:
    """Whether a rectification in place changes a map that another branch reads: then the graph is another one."""
    if isinstance(tree, str):
        return shared and tree == "relu"
    how, parts = tree
    if how != "chain":
        return any(_writes_what_others_read(part, shared=shared or len(parts) > 1) for part in parts)
    for part in parts:
        if _writes_what_others_read(part, shared=shared):
            return True
        shared = shared and (part == "nothing" or not isinstance(part, str))
    return False


class Odd(nn.Module):
    """Views that are written through, a buffer that is filled piece by piece, and a branch that is left untouched."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(2, 2, 1), nn.Conv2d(2, 2, 1)
        self.same, self.last = nn.Identity(), nn.Conv2d(4, 2, 1)

    def forward(self, image):
        made = self.first(image)
        rectified = functional.relu_(made.view(made.shape[0], -1))  # writes `made` too
        filled = torch.zeros(1, 4, *image.shape[2:])
        filled[:, :2] = self.second(made)
        filled[:, 2:] = self.same(image)
        return self.last(filled) * rectified.sum()


def test_what_is_written_through_views_is_followed():
    graph = graph_of(Odd())
    assert inputs(graph, "relu") == ["first"]
    assert inputs(graph, "second") == ["relu"]
    assert inputs(graph, "same") == ["image"]
    assert inputs(graph, "copy") == ["second", "same"]
    assert inputs(graph, "last") == ["copy"]
    assert inputs(graph, "mul") == ["last", "relu"]
    assert graph["type"].sel(node=["copy", "mul"]).values.tolist() == ["‖", "×"]


class Named(nn.Module):
    """Modules that bear the names that operations would have."""

    def __init__(self) -> None:
        super().__init__()
        self.image, self.add, self.relu = nn.Conv2d(2, 2, 1), nn.Conv2d(2, 2, 1), nn.ReLU()

    def forward(self, maps):
        maps = self.image(maps)
        return self.relu(self.relu(self.add(maps) + maps))


def test_modules_around_nodes_know_which_node_is_their_answer():
    graph = load("resnet18", weights="none", pixels=64).graph()
    answers = {name: told for name, told in zip(graph["node"].values, graph["answers"].values, strict=True) if told}
    assert answers["layer1.0.relu_1"] == "layer1.0"
    assert answers["layer1.1.relu_1"] == "layer1.1,layer1"
    assert answers["layer2.0.downsample.1"] == "layer2.0.downsample"
    assert len(answers) == 8 + 3
    squeeze = load("squeezenet1_1", weights="none", pixels=64).graph()
    assert squeeze["answers"].sel(node="cat").item() == "features.3"


def test_names_are_never_taken_twice():
    graph = graph_of(Named())
    assert graph["node"].values.tolist() == ["image_1", "image", "add", "add_1", "relu", "relu_1"]
    assert graph["kind"].sel(node="image_1").item() == "image"
    assert inputs(graph, "add_1") == ["add", "image"]


def test_tracing_leaves_the_module_as_it_was():
    module = nn.Sequential(nn.Conv2d(2, 2, 3), nn.Identity())
    before = {key: value.clone() for key, value in module.state_dict().items()}
    graph_of(module)
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in module.modules())
    assert all(torch.equal(before[key], value) for key, value in module.state_dict().items())


def test_a_layer_that_ignores_one_of_its_inputs_has_no_edge_from_it():
    class First(nn.Module):
        def forward(self, one, other):
            assert other.shape == one.shape
            return one + 1

    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b, self.first = nn.Conv2d(2, 2, 1), nn.Conv2d(2, 2, 1), First()

        def forward(self, image):
            return self.first(self.a(image), other=self.b(image))

    assert inputs(graph_of(Two()), "first") == ["a"]


def test_networks_that_switch_gradients_off_themselves_are_followed():
    class Frozen(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.same, self.act = nn.Conv2d(2, 2, 1), nn.Identity(), nn.ReLU(inplace=True)

        @torch.inference_mode()
        def forward(self, image):
            maps = self.conv(image)
            return self.act(self.same(maps) + maps)

    graph = graph_of(nn.Sequential(Frozen(), nn.Conv2d(2, 1, 1)))
    assert inputs(graph, "add") == ["0.same", "0.conv"]
    assert inputs(graph, "1") == ["0.act"]


@pytest.mark.parametrize("depth", [0, -1])
def test_a_depth_below_one_is_refused(depth):
    with pytest.raises(ValueError, match=f"depth {depth}: a network unfolds to a depth of 1 or more"):
        graph_of(nn.Sequential(nn.Conv2d(2, 1, 1)), depth=depth)


def test_boxes_never_hold_each_other():
    layers = ["a.b.c", "a.b.d", "a.b", "a.e", "f"]
    assert boxes(layers, 1) == ["a.b", "a.e", "f"]  # a itself never ran
    assert boxes(layers, 3) == boxes(layers) == ["a.b.c", "a.b.d", "a.e", "f"]


def test_the_image_of_a_network_without_layers_stands_alone():
    class Constant(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.Identity()

        def forward(self, image):
            return self.inner(torch.ones(image.shape))

    graph = graph_of(Constant())
    assert graph["node"].values.tolist() == ["image", "inner"]
    assert graph.sizes["edge"] == 0


def test_attention_is_one_node_although_it_uses_the_weights_of_modules_inside():
    graph = load("vit_b_32", weights="none").graph()
    row = graph.sel(node="encoder.layers.encoder_layer_0.self_attention")
    assert (row["kind"].item(), row["parameters"].item()) == ("other", 2_362_368)
    assert inputs(graph, "encoder.layers.encoder_layer_0.self_attention") == ["encoder.layers.encoder_layer_0.ln_1"]
    assert inputs(graph, "add") == ["encoder.layers.encoder_layer_0.dropout", "encoder.dropout"]
