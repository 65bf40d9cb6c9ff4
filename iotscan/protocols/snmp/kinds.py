"""The words that the reader of SNMP uses."""

from __future__ import annotations

from iotscan.model import Kind

AGENT = Kind(
    "snmp.agent",
    {"versions": tuple},
    "An agent answered us, in these versions: 1, 2c, 3.",
)
ENGINE = Kind(
    "snmp.engine",
    {
        "engine_id": str,
        "form": str,
        "enterprise": int,
        "holds_mac": bool,
        "boots": int,
        "time": int,
    },
    "An agent told its engine's id and clock to somebody without an account. form: what the id is"
    " made of (mac, ipv4, ipv6, text, octets); time: seconds since it last started.",
)
COMMUNITY = Kind(
    "snmp.community",
    {
        "accepted": bool,
        "login": str,
        "versions": tuple,
        "for_writing": bool,
        "attempts": int,
        "unanswered": int,
        "control_accepted": bool,
        "accepts_anything": bool,
        "locked_out": bool,
    },
    "We asked with publicly known communities. accepted: values were read with one; for_writing: it"
    " is the one that agents conventionally let write; unanswered: tries that the agent passed over"
    " in silence, which is how it refuses. control_accepted: so was a random one.",
)
SYSTEM = Kind(
    "snmp.system",
    {
        "description": str,
        "object_id": str,
        "enterprise": int,
        "name": str,
        "contact": str,
        "location": str,
        "uptime": int,
    },
    "What an agent says of the system it runs on. enterprise: the number of its maker at IANA;"
    " uptime: seconds.",
)
AMPLIFICATION = Kind(
    "snmp.amplification",
    {"request_bytes": int, "response_bytes": int, "ratio": float, "repetitions": int},
    "One bulk question was answered. ratio: bytes answered by bytes asked.",
)
OVERHEARD = Kind(
    "snmp.overheard",
    {
        "peer": str,
        "version": str,
        "sort": str,
        "answered": bool,
        "well_known": bool,
        "writes": bool,
    },
    "Somebody else's community was overheard. sort: request, answer or trap; well_known: it is"
    " public or private; writes: a value was set with it.",
)
KINDS = (AGENT, ENGINE, COMMUNITY, SYSTEM, AMPLIFICATION, OVERHEARD)
