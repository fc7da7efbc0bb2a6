"""One page for one study: what was asked, what was found, the figures, the tables and where they came from."""

from cortexcnn.report.page import Section, page

__all__ = ["Section", "page"]
