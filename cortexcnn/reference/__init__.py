"""What is known of real cortex: published distributions, and readers of public recordings in the project's own form.

A reader takes a path and returns responses, an rdm, or a table of measures (see :mod:`cortexcnn.arrays`) with the
citation, where the data can be had and its licence as attributes. No data of others come with the project, except
published figures.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cortexcnn.reference.distributions import distribution_similarity
from cortexcnn.reference.ecker import ecker2010
from cortexcnn.reference.examples import goris2015, palmer
from cortexcnn.reference.henaff import henaff2021
from cortexcnn.reference.hubel_wiesel import hubel_wiesel1959, hubel_wiesel1959_spikes
from cortexcnn.reference.objects import human78, objects92, objects92_images
from cortexcnn.reference.published import histogram_like, properties, published
from cortexcnn.reference.ringach import ringach2002
from cortexcnn.reference.sources import SOURCES, Source

__all__ = [
    "REFERENCES",
    "SOURCES",
    "Source",
    "distribution_similarity",
    "ecker2010",
    "goris2015",
    "henaff2021",
    "histogram_like",
    "hubel_wiesel1959",
    "hubel_wiesel1959_spikes",
    "human78",
    "objects92",
    "objects92_images",
    "palmer",
    "properties",
    "published",
    "ringach2002",
]

REFERENCES: dict[str, Callable[..., Any]] = {
    "henaff2021": henaff2021,
    "ecker2010": ecker2010,
    "ringach2002": ringach2002,
    "objects92": objects92,
    "human78": human78,
    "palmer": palmer,
    "goris2015": goris2015,
}
"""Readers of public data sets by name; each takes a path."""
