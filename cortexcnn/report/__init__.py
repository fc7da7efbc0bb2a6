"""One page for one study: what was asked, what was found, the figures, the tables and where they came from."""

from cortexcnn.report.bars import bar_section, draw_bars, most_selective
from cortexcnn.report.battery import battery_study
from cortexcnn.report.page import Section, page
from cortexcnn.report.protocol import protocol_study
from cortexcnn.report.similarity import similarity_section
from cortexcnn.report.study import tuning_study

__all__ = [
    "Section",
    "bar_section",
    "battery_study",
    "draw_bars",
    "most_selective",
    "page",
    "protocol_study",
    "similarity_section",
    "tuning_study",
]
