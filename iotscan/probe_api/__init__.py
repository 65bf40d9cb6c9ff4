"""What a plug-in author reads: Probe, Discoverer, and the Network they are handed.

A probe talks (``converse``), a reader reads (``read``), and a reader is a pure function of what
was said. ``converse`` returns nothing: the network recorded the conversation.
"""

from iotscan.probe_api.discoverer import Airwaves, Attachment, Discoverer
from iotscan.probe_api.network import Datagrams, Login, Network, Relay, Stream
from iotscan.probe_api.probe import ANY_BYTE, LETTERS, Beginning, Lead, Opening, Probe, either
from iotscan.probe_api.talking import Greeted, fits, hear, hear_out, hear_whole, try_logins

__all__ = [
    "ANY_BYTE",
    "LETTERS",
    "Airwaves",
    "Attachment",
    "Beginning",
    "Datagrams",
    "Discoverer",
    "Greeted",
    "Lead",
    "Login",
    "Network",
    "Opening",
    "Probe",
    "Relay",
    "Stream",
    "either",
    "fits",
    "hear",
    "hear_out",
    "hear_whole",
    "try_logins",
]
