"""Networks that see films: their input is the eye's, frame by frame; and what is refused."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from cortexcnn.models import Eye, FilmNetwork, film_names, load, load_film


def test_each_frame_goes_through_the_eye():
    eye = Eye(channels=3, mean=(0.1, 0.2, 0.3), std=(0.5, 0.5, 2.0), pixels=8, degrees=2)
    network = FilmNetwork(nn.Sequential(nn.Identity(), nn.Conv3d(3, 3, 1)), eye, frames=4, name="mine")
    with torch.no_grad():
        network.module[1].weight.copy_(torch.eye(3).reshape(3, 3, 1, 1, 1))
        network.module[1].bias.zero_()
    films = torch.rand(2, 4, 1, 8, 8)
    seen = network(films)
    assert seen.shape == (2, 3, 4, 8, 8)
    for frame in range(4):
        torch.testing.assert_close(seen[:, :, frame], eye(films[:, frame]))


def test_random_weights_follow_the_seed_and_nothing_else():
    before = torch.random.get_rng_state()
    first, again, other = (load_film("r3d_18", weights="none", seed=seed, degrees=6) for seed in (3, 3, 4))
    assert first.hashes() == again.hashes()
    assert first.hashes()["weights_hash"] != other.hashes()["weights_hash"]
    assert first.screen.degrees == 6
    assert torch.equal(torch.random.get_rng_state(), before)


def test_refusals_name_the_remedy():
    with pytest.raises(ValueError, match="Did you mean 'r3d_18'"):
        load_film("r3d18")
    with pytest.raises(ValueError, match="r3d_18 sees films, not images: load_film"):
        load("r3d_18")
    with pytest.raises(ValueError, match="a film of 1 frames"):
        FilmNetwork(nn.Conv3d(1, 1, 1), Eye(channels=1), frames=1, name="mine")
    assert "r2plus1d_18" in film_names()
