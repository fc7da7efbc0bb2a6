"""Direction: closed forms and the two forms of selectivity."""

from __future__ import annotations

import numpy as np
import pytest

from cortexcnn.tuning import direction_selectivity, direction_tuning, orientation_tuning, preferred_direction

ANGLES = np.arange(0, 360, 22.5)


def lobes(direction, preferred, opposite):
    there, back = (np.exp(4 * (np.cos(np.deg2rad(direction - at)) - 1)) for at in (preferred, preferred + 180))
    return there + opposite * back


def test_preferred_direction_and_selectivity(table):
    preferred = np.linspace(0, 360, 16, endpoint=False)
    responses = table(lambda direction, **_: lobes(direction, preferred, 0.25), units=16, direction=ANGLES, blank=0.0)
    found = direction_tuning(responses)
    for name in ("preferred_direction", "preferred_direction_vector"):
        apart = np.abs((found[name].values - preferred + 180) % 360 - 180)
        assert apart.max() < 0.1
    np.testing.assert_allclose(found.direction_selectivity, 0.75, atol=2e-3)
    along = orientation_tuning(responses).preferred_orientation.values
    assert np.abs((along - (preferred - 90) + 90) % 180 - 90).max() < 0.1


def test_the_vector_form_of_a_cosine(curve):
    made = curve("direction", ANGLES, 1 + np.cos(np.deg2rad(ANGLES - 100)))
    assert float(direction_selectivity(made, form="vector")[0]) == pytest.approx(0.5)
    assert float(preferred_direction(made, method="vector")[0]) == pytest.approx(100)
    assert float(preferred_direction(made, method="peak")[0]) == pytest.approx(90)


def test_both_ways_alike_is_no_selectivity(curve):
    made = curve("direction", ANGLES, lobes(ANGLES, 45, 1.0))
    assert float(direction_selectivity(made)[0]) == pytest.approx(0)
    assert float(direction_selectivity(made, form="vector")[0]) == pytest.approx(0)
    assert np.isnan(preferred_direction(made, method="vector")[0])


def test_unknown_choices_and_other_curves_are_refused(curve):
    made = curve("direction", ANGLES, np.ones(16))
    with pytest.raises(ValueError, match="there are null, vector"):
        direction_selectivity(made, form="nul")
    with pytest.raises(ValueError, match="no method named 'fit'"):
        preferred_direction(made, method="fit")
    with pytest.raises(ValueError, match="of a curve over direction"):
        direction_selectivity(made.rename(direction="orientation"))
