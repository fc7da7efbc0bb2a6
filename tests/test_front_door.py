"""The front door has every name that it announces, and does not wait for torch."""

from __future__ import annotations

import subprocess
import sys

import pytest

import cortexcnn


@pytest.mark.parametrize("name", cortexcnn.__all__)
def test_every_announced_name_is_there(name):
    assert getattr(cortexcnn, name) is not None
    assert name in dir(cortexcnn)


def test_a_wrong_name_lists_the_right_ones():
    with pytest.raises(AttributeError, match=r"no 'lode'; it has .*load"):
        cortexcnn.lode  # noqa: B018


def test_importing_does_not_wait_for_torch():
    code = "import sys, cortexcnn, cortexcnn.cli; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
