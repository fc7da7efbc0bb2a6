"""All named experiments, by name."""

from __future__ import annotations

from cortexcnn.protocols.albrecht_hamilton1982 import ALBRECHT_HAMILTON1982
from cortexcnn.protocols.bonds1989 import BONDS1989
from cortexcnn.protocols.cavanaugh2002a import CAVANAUGH2002A
from cortexcnn.protocols.cavanaugh2002b import CAVANAUGH2002B
from cortexcnn.protocols.devalois1982a import DEVALOIS1982A
from cortexcnn.protocols.devalois1982b import DEVALOIS1982B
from cortexcnn.protocols.drifting import DRIFTING
from cortexcnn.protocols.freeman_ziemba2013 import FREEMAN_ZIEMBA2013
from cortexcnn.protocols.hubel_wiesel1959 import HUBEL_WIESEL1959
from cortexcnn.protocols.hubel_wiesel1962 import HUBEL_WIESEL1962
from cortexcnn.protocols.hubel_wiesel1962_edges import HUBEL_WIESEL1962_EDGES
from cortexcnn.protocols.hubel_wiesel1965 import HUBEL_WIESEL1965
from cortexcnn.protocols.protocol import Protocol
from cortexcnn.protocols.ringach2002 import RINGACH2002
from cortexcnn.protocols.ringach2002b import RINGACH2002B
from cortexcnn.protocols.schiller1976 import SCHILLER1976
from cortexcnn.protocols.skottun1991 import SKOTTUN1991

__all__ = ["PROTOCOLS"]

PROTOCOLS: dict[str, Protocol] = {
    protocol.name: protocol
    for protocol in (
        HUBEL_WIESEL1959,
        HUBEL_WIESEL1962,
        HUBEL_WIESEL1962_EDGES,
        HUBEL_WIESEL1965,
        SCHILLER1976,
        ALBRECHT_HAMILTON1982,
        DEVALOIS1982A,
        DEVALOIS1982B,
        DRIFTING,
        BONDS1989,
        SKOTTUN1991,
        RINGACH2002,
        RINGACH2002B,
        CAVANAUGH2002A,
        CAVANAUGH2002B,
        FREEMAN_ZIEMBA2013,
    )
}
"""By name, in the order of their years."""
