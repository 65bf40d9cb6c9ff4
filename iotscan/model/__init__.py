"""The nouns of iotscan: frozen, slotted dataclasses and enumerations, standard library only.

A newcomer learns ten words here: scope, device, service, transcript, observation, principle,
rule, finding, report and probe (the last one lives in :mod:`iotscan.probe_api`).

Units: times called ``at`` or ``began`` are seconds since the scan (or capture) began, rounded to
microseconds; ``started`` is UTC in ISO 8601. Bytes are as they were on the wire, secrets masked.
"""

from iotscan.model.finding import Acceptance, Device, Finding, Gap, Identity, Posture, Verdict
from iotscan.model.observation import Kind, Observation, Proof, Sighting, Sweep
from iotscan.model.recording import Footer, Header, Recording, Scope
from iotscan.model.report import ConversationNote, Feed, Input, PolicyNote, Progress, Report
from iotscan.model.transcript import (
    RECOGNITION,
    Channel,
    Endpoint,
    Packet,
    Service,
    TlsFacts,
    Transcript,
    Turn,
)
from iotscan.model.words import (
    Address,
    Confidence,
    Ending,
    Fact,
    Impact,
    Ordered,
    Outcome,
    Relation,
    Sender,
    Severity,
    Standing,
    Subnet,
    Transport,
)

__all__ = [
    "RECOGNITION",
    "Acceptance",
    "Address",
    "Channel",
    "Confidence",
    "ConversationNote",
    "Device",
    "Ending",
    "Endpoint",
    "Fact",
    "Feed",
    "Finding",
    "Footer",
    "Gap",
    "Header",
    "Identity",
    "Impact",
    "Input",
    "Kind",
    "Observation",
    "Ordered",
    "Outcome",
    "Packet",
    "PolicyNote",
    "Posture",
    "Progress",
    "Proof",
    "Recording",
    "Relation",
    "Report",
    "Scope",
    "Sender",
    "Service",
    "Severity",
    "Sighting",
    "Standing",
    "Subnet",
    "Sweep",
    "TlsFacts",
    "Transcript",
    "Transport",
    "Turn",
    "Verdict",
]
