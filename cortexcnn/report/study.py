"""A study of grating tuning from end to end: figures, tables and the page that holds them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import xarray as xr

from cortexcnn.report.page import Section, page
from cortexcnn.report.tuning import (
    distribution_section,
    example_section,
    filter_section,
    stimulus_section,
    summary_section,
)

__all__ = ["tuning_study"]


def tuning_study(
    folder: str | Path,
    network: Any,
    stimuli: xr.Dataset,
    responses: xr.DataArray,
    measures: xr.Dataset,
    *,
    more: Sequence[Section] = (),
) -> Path:
    """Write the figures and the page of a study of grating tuning.

    Parameters
    ----------
    folder : path
        Folder of the study.
    network : Network
        Whose units were recorded.
    stimuli : Dataset (stimulus)
        What was shown.
    responses : DataArray (stimulus, unit)
        What was recorded.
    measures : Dataset (unit)
        From ``protocols.grating_tuning``.
    more : sequence of Section
        Further sections, after the others.

    Returns
    -------
    Path
        ``index.html``.
    """
    folder = Path(folder)
    figures = folder / "figures"
    sections = [distribution_section(figures, measures), summary_section(measures)]
    if {"orientation", "spatial_frequency"} <= set(responses.coords) and "peak_spatial_frequency" in measures:
        sections.insert(0, example_section(figures, responses, measures))
        sections.insert(0, stimulus_section(figures, stimuli, network.screen))
    filters = filter_section(figures, network.module)
    if filters:
        sections.insert(0, filters)
    valid = int(measures["valid"].sum())
    layers = len(set(measures["layer"].values.tolist()))
    files = {
        path: text
        for path, text in (
            (folder / "responses.nc", "responses with all labels and provenance (NetCDF-4)"),
            (folder / "measures.csv", "every measure of every unit"),
        )
        if path.is_file()
    }
    if files:
        more = [*more, Section("Files", files=files)]
    return page(
        folder,
        title=f"{network.name}: does it see as V1 does?",
        lead=f"{measures.sizes['unit']} units of {layers} layers were shown {stimuli.sizes['stimulus']} stimuli; "
        f"{valid} gave valid tuning. Its input is taken to span {network.eye.degrees:g}° of visual angle.",
        sections=[*sections, *more],
        provenance={name: value for name, value in responses.attrs.items() if value != ""},
    )
