"""What was said: services, conversations with them, packets of everybody's."""

from __future__ import annotations

from dataclasses import dataclass

from iotscan.model.words import Address, Ending, Outcome, Sender, Transport


@dataclass(frozen=True, slots=True)
class Endpoint:
    address: Address
    transport: Transport
    port: int

    def __str__(self) -> str:
        host = f"[{self.address}]" if self.address.version == 6 else str(self.address)
        return f"{host}:{self.port}/{self.transport}"


@dataclass(frozen=True, slots=True)
class Service:
    """Something that answers at an endpoint.

    ``name`` is the protocol it was recognised to speak (a probe's name), None while unknown.
    ``hint`` is what the device itself announced about it: the path of an SSDP LOCATION, the
    name of the opening that made it answer. ``opened``: of a TCP service in a capture, whether the
    capture shows that it answered an opening (SYN); False: it was overheard in connections opened
    before. None of all others.
    """

    endpoint: Endpoint
    name: str | None = None
    tls: bool = False
    hint: str = ""
    opened: bool | None = None


@dataclass(frozen=True, slots=True)
class TlsFacts:
    """What a TLS handshake showed. Nothing is verified here; ``chain`` is DER, leaf first."""

    version: str = ""
    cipher: str = ""
    chain: tuple[bytes, ...] = ()
    alpn: str = ""
    client_certificate_requested: bool | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """One thing said. ``login`` is the id of the credential sent in this turn, masked in ``data``.

    ``frame`` is the capture's frame number (1 is the first) when this was read from a capture;
    ``cut``: the capture lacks what its sender said right behind it.
    """

    sender: Sender
    at: float
    data: bytes
    channel: int = 0
    login: str | None = None
    frame: int | None = None
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Channel:
    """One connection, or one UDP exchange, within a conversation.

    ``login`` is the id of the credential it was opened for, ``outcome`` what the probe read from
    the answer while talking (the reader derives its own; they must agree).
    """

    endpoint: Endpoint
    opened: float = 0.0
    ending: Ending = Ending.COMPLETE
    tls: TlsFacts | None = None
    login: str | None = None
    outcome: Outcome | None = None


# The probe's name in transcripts in which nothing but what a port speaks was found out.
RECOGNITION = "recognise"


@dataclass(frozen=True, slots=True)
class Transcript:
    """One probe's whole conversation with one service: the evidence that readers read.

    ``turns`` of all channels in the order they happened. ``id`` is unique within a recording
    ("c17"). ``note`` says in words why it ended when that is not COMPLETE. ``client`` is the other
    side of a captured conversation; None when it was the scanner.
    """

    id: str
    service: Service
    probe: str
    began: float
    turns: tuple[Turn, ...] = ()
    channels: tuple[Channel, ...] = ()
    ending: Ending = Ending.COMPLETE
    note: str = ""
    client: Endpoint | None = None

    def said_by(self, sender: Sender, channel: int | None = None) -> bytes:
        """Everything one side said, joined: of one channel, or of all."""
        return b"".join(
            turn.data
            for turn in self.turns
            if turn.sender == sender and channel in (None, turn.channel)
        )

    def turns_of(self, channel: int) -> tuple[tuple[int, Turn], ...]:
        """(index in ``turns``, turn) of one channel: the indexes are what proofs cite."""
        return tuple((i, turn) for i, turn in enumerate(self.turns) if turn.channel == channel)


@dataclass(frozen=True, slots=True)
class Packet:
    """An announcement or a discovery answer as it arrived, without what lies below ``data``.

    ``protocol`` is the discoverer that can read it ("arp", "mdns", "ssdp" …); ``id`` is "p5".
    ``source`` is None for frames without an IP address of their own.
    """

    id: str
    at: float
    protocol: str
    data: bytes
    source: Address | None = None
    mac: str | None = None
    interface: str = ""
    frame: int | None = None
