"""Figures are written in every format asked for, and nothing global changes."""

from __future__ import annotations

import matplotlib as mpl
import pytest

from cortexcnn import plot


def test_saving_writes_each_format_and_leaves_the_settings_alone(tmp_path):
    before = dict(mpl.rcParams)
    drawn, _ = plot.figure()
    files = plot.save(drawn, tmp_path / "new" / "vgg16.features.7", formats=("png", "svg", "pdf"))
    assert [file.name for file in files] == [f"vgg16.features.7.{ending}" for ending in ("png", "svg", "pdf")]
    assert all(file.stat().st_size > 0 for file in files)
    assert dict(mpl.rcParams) == before


def test_an_unknown_format_is_refused(tmp_path):
    drawn, _ = plot.figure()
    with pytest.raises(ValueError, match="no figure format bmp2"):
        plot.save(drawn, tmp_path / "figure", formats=("bmp2",))


@pytest.mark.parametrize("ending", ["svg", "pdf", "png"])
def test_the_same_figure_is_the_same_file(tmp_path, ending):
    written = []
    for name in ("one", "two"):
        drawn, ax = plot.figure()
        ax.plot([0, 1], [0, 1])
        (file,) = plot.save(drawn, tmp_path / name, formats=(ending,))
        written.append(file.read_bytes())
    assert written[0] == written[1]
