"""What every test shares: a quiet plotting backend, few threads, and where other people's data may lie."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch

os.environ.setdefault("MPLBACKEND", "Agg")

SHARED = Path(__file__).parent.parent.parent / "shared" / "data"


@pytest.fixture(autouse=True)
def same_random_weights_in_every_run() -> None:
    """Modules that tests make have random weights; a failure must come back when the test is run again."""
    torch.manual_seed(0)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests marked ``gpu`` skip, and don't fail, where there is no accelerator."""
    if not torch.cuda.is_available():
        for item in items:
            if item.get_closest_marker("gpu"):
                item.add_marker(pytest.mark.skip(reason="needs an accelerator"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real weights, images and recordings; tests that need it skip where it is absent."""
    if not SHARED.is_dir():
        pytest.skip(f"needs other people's data, which does not come with the project (looked in {SHARED})")
    return SHARED
