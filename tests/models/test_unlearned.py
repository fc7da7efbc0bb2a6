from __future__ import annotations

import pytest
import torch
from torch import nn

from cortexcnn.models import Eye, load, random_weights, shuffled_weights, wrap


@pytest.fixture
def network():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = nn.Sequential(nn.Conv2d(1, 4, 5), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 3, 3))
    return wrap(module, Eye(channels=1, pixels=16), name="mine")


@pytest.mark.parametrize("control", [random_weights, shuffled_weights])
def test_the_network_itself_stays_as_it_was(network, control):
    before = {name: tensor.clone() for name, tensor in network.module.state_dict().items()}
    state = torch.random.get_rng_state()
    made = control(network, seed=1)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.module.state_dict().items())
    assert made.hashes()["weights_hash"] != network.hashes()["weights_hash"]
    assert made.eye == network.eye
    assert made.layers().layer.values.tolist() == network.layers().layer.values.tolist()


@pytest.mark.parametrize("control", [random_weights, shuffled_weights])
def test_a_seed_gives_the_same_weights_again(network, control):
    one, again, other = (control(network, seed=seed).hashes()["weights_hash"] for seed in (3, 3, 4))
    assert one == again != other


def test_shuffling_keeps_the_weights_of_each_layer_and_the_biases(network):
    shuffled = shuffled_weights(network)
    for ours, theirs in zip(network.module.parameters(), shuffled.module.parameters(), strict=True):
        if ours.dim() > 1:
            assert not torch.equal(ours, theirs)
            assert torch.equal(ours.flatten().sort().values, theirs.flatten().sort().values)
        else:
            assert torch.equal(ours, theirs)


def test_a_torchvision_network_can_be_drawn_anew():
    network = load("squeezenet1_1", weights="none")
    assert random_weights(network, seed=1).hashes() != network.hashes()


def test_parameters_that_nobody_can_draw_are_refused():
    class Scaled(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.gain = nn.Conv2d(1, 2, 3), nn.Parameter(torch.ones(1))

        def forward(self, image):
            return self.conv(image) * self.gain

    with pytest.raises(ValueError, match=r"gain.*reset_parameters"):
        random_weights(wrap(Scaled(), Eye(channels=1, pixels=8), name="mine"))
