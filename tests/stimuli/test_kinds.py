"""The list of kinds, and that a user can add one."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from cortexcnn.screen import Screen
from cortexcnn.stimuli import KINDS, Kind, Parameter, check_drawable, render, sweep


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in {"image", "texture"}])
def test_every_kind_has_a_table_by_default_and_can_be_drawn(kind):
    table = sweep(kind)
    assert table.sizes == {"stimulus": 1}
    assert table.attrs["kind"] == kind
    assert set(KINDS[kind].parameters) <= set(table.data_vars)
    assert not check_drawable(table, Screen(8, 64)).aliasing_risk.any()
    picture = render(table, Screen(8, 64))
    assert picture.ndim == (5 if KINDS[kind].moving else 4)
    assert torch.isfinite(picture).all()
    assert (picture.std() == 0) == (kind == "blank")


@pytest.mark.parametrize("kind", KINDS)
def test_every_parameter_says_what_it_is(kind):
    for name, parameter in KINDS[kind].parameters.items():
        assert parameter.meaning
        assert str(parameter)
        if name not in {"file", "content"}:
            assert parameter.allows(np.array([parameter.default])).all()


def test_a_new_kind_is_one_entry_and_one_function(monkeypatch):
    def draw(rows, canvas, out):
        out[:] = canvas.put(0.5 + rows["level"] * rows["contrast"])[:, None, None, None]

    parameters = {"level": Parameter(0.1, "", "above grey", (-0.5, 0.5), "[]"), "contrast": Parameter(1.0, "", "a")}
    monkeypatch.setitem(KINDS, "flat", Kind(parameters, draw, lambda rows: (rows["level"] + np.inf,) * 2))
    table = sweep("flat", level=[0.2, -0.2], blank=True)
    np.testing.assert_allclose(render(table, Screen(2, 2)).mean(dim=(1, 2, 3)).numpy(), [0.7, 0.3, 0.5], rtol=1e-6)
    with pytest.raises(ValueError, match=r"level 0.7: level is a number in \[-0.5, 0.5\]"):
        sweep("flat", level=0.7)


def test_bounds_belong_or_do_not():
    values = np.array([-1.0, 0.0, 1.0, 2.0, np.nan])
    for ends, expected in {"[]": [0, 1, 1, 0, 0], "()": [0, 0, 0, 0, 0], "[)": [0, 1, 0, 0, 0]}.items():
        assert Parameter(0.0, "", "", (0, 1), ends).allows(values).tolist() == [bool(value) for value in expected]
