"""For those who write probes: a scripted network, peers on loopback, conversations to read."""

from iotscan.testing.peers import HOSTILE, NOISE, Answerer, Handler, Reply, serve, serve_udp
from iotscan.testing.script import Closes, Fails, FakeNetwork, FakeStream, Hears, Says, Step
from iotscan.testing.talks import (
    DEVICE,
    LOOPBACK,
    PEER,
    QUICK,
    captured,
    conversation,
    conversations_in,
    converse,
    facts_of,
    on_loopback,
    only_facts,
    three_ways,
    told_by,
)

__all__ = [
    "DEVICE",
    "HOSTILE",
    "LOOPBACK",
    "NOISE",
    "PEER",
    "QUICK",
    "Answerer",
    "Closes",
    "Fails",
    "FakeNetwork",
    "FakeStream",
    "Handler",
    "Hears",
    "Reply",
    "Says",
    "Step",
    "captured",
    "conversation",
    "conversations_in",
    "converse",
    "facts_of",
    "on_loopback",
    "only_facts",
    "serve",
    "serve_udp",
    "three_ways",
    "told_by",
]
