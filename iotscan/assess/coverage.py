"""What could not be looked at, as gaps with advice: never mistaken for "nothing there"."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import replace
from ipaddress import ip_address

from iotscan.assess.inventory import owner_of
from iotscan.model import (
    RECOGNITION,
    Address,
    Device,
    Ending,
    Endpoint,
    Gap,
    Recording,
    Sweep,
    Transcript,
)

# Words in Gap.what that are no probe's name.
UNKNOWN = "unknown service"
PROTOCOL = "what it speaks"
PORTS = "ports"
ADVICE: Mapping[Ending, str] = {
    Ending.REFUSED: "It may serve few connections at a time. Scan the device on its own.",
    Ending.TIMEOUT: "It may be slow, busy or asleep. Scan it again with a larger --timeout.",
    Ending.CLOSED: "It ended the connection early. Scan it again with a lower --rate.",
    Ending.TLS_FAILED: "The encrypted connection did not come about. Check its settings by hand.",
    Ending.WRONG_PROTOCOL: "It did not follow its protocol. Find out by hand what it is.",
    Ending.OUT_OF_SCOPE: "It was not allowed. Widen the scope or --impact, if you may.",
    Ending.BUDGET_SPENT: "A limit that protects devices was reached. Scan the device on its own.",
    Ending.LOCKED_OUT: "The device guards its login, so no further password was tried. Wait half "
    "an hour before you log in yourself if it refuses you.",
    Ending.BUG: "This is a defect in iotscan. Please report it with the recording.",
}


def find_gaps(
    recording: Recording, read: Sequence[Gap], devices: Sequence[Device]
) -> tuple[Gap, ...]:
    """Every gap, by subject: of the recording, of the readers, conversations that did not end as
    they should, services that nobody recognised, ports that were not swept.
    """
    owners = owner_of(devices)
    found = [*recording.gaps, *read]
    if recording.header.source == "scan":
        known = {talk.service.endpoint for talk in recording.transcripts if _tells(talk)}
        for talk in recording.transcripts:
            found += (gap for gap in _of_conversation(talk) if not _settled(gap, talk, known))
    for sweep in recording.sweeps:
        found += _of_sweep(sweep)
    gaps = {_owned(_advised(gap), owners) for gap in found}
    return tuple(
        sorted(gaps, key=lambda gap: (gap.subject, gap.what, gap.ending.value, gap.reason))
    )


def hides_something(gap: Gap) -> bool:
    """Whether something asked for was not looked at. An unknown service was, without result."""
    return gap.what != UNKNOWN


def _of_conversation(talk: Transcript) -> Iterator[Gap]:
    recognising = talk.probe == RECOGNITION
    subject = str(talk.service.endpoint)
    if talk.ending is not Ending.COMPLETE:
        what = PROTOCOL if recognising else talk.probe
        reason = talk.note or f"the conversation {talk.id} ended with {talk.ending.value}"
        yield Gap(subject, what, talk.ending, reason)
    elif recognising and talk.service.name is None:
        said = "what it says is of no protocol that iotscan knows"
        reason = f"it is open, but {said if talk.said_by('server') else 'it says nothing'}"
        advice = "Find out by hand what it is, and whether it is needed."
        yield Gap(subject, UNKNOWN, Ending.WRONG_PROTOCOL, reason, advice)


def _tells(talk: Transcript) -> bool:
    """Whether a probe had its answer from a service that an announcement led it to."""
    spoke = talk.probe == talk.service.name and talk.ending is Ending.COMPLETE
    return spoke and bool(talk.said_by("server"))


def _settled(gap: Gap, talk: Transcript, known: Set[Endpoint]) -> bool:
    """Whether what nobody recognised by itself was known otherwise."""
    return gap.what == UNKNOWN and talk.service.endpoint in known


def _of_sweep(sweep: Sweep) -> Iterator[Gap]:
    if sweep.unswept:
        reason = (
            f"{sweep.unswept} ports were not looked at: {sweep.why or 'the sweep was cut short'}"
        )
        advice = "See that this machine can reach the device, and scan it on its own."
        yield Gap(str(sweep.address), PORTS, Ending.BUDGET_SPENT, reason, advice)


def _advised(gap: Gap) -> Gap:
    return gap if gap.advice else replace(gap, advice=ADVICE.get(gap.ending, ""))


def _owned(gap: Gap, owners: Mapping[Address, Device]) -> Gap:
    """With the key of the device that the gap's subject is an address of."""
    for text in (gap.device, gap.subject):
        address = _address(text)
        if address is not None and address in owners:
            return replace(gap, device=owners[address].key)
    return gap


def _address(text: str) -> Address | None:
    """The address in "192.0.2.1:23/tcp", "[fe80::1]:23/tcp", or on its own."""
    host = text.partition("]")[0].lstrip("[") if text.startswith("[") else text
    for candidate in (host, host.partition(":")[0]):
        try:
            return ip_address(candidate)
        except ValueError:
            continue
    return None
