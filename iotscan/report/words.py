"""Plain words for the nouns of a report, for readers who do not know what a port is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache

from iotscan import text
from iotscan.model import (
    Acceptance,
    Confidence,
    Device,
    Ending,
    Finding,
    Identity,
    Posture,
    Proof,
    Report,
    Severity,
    Verdict,
)

URGENCY = {
    Severity.CRITICAL: "act now",
    Severity.HIGH: "fix soon",
    Severity.MEDIUM: "improve",
    Severity.LOW: "small matter",
    Severity.INFO: "good to know",
}
CONFIDENCE = {
    Confidence.CONFIRMED: "seen directly",
    Confidence.LIKELY: "strong signs",
    Confidence.POSSIBLE: "indirect, verify first",
}
ENDINGS = {
    Ending.COMPLETE: "finished",
    Ending.REFUSED: "the device refused the connection",
    Ending.TIMEOUT: "no answer in time",
    Ending.CLOSED: "the device hung up",
    Ending.TLS_FAILED: "no encrypted connection could be set up",
    Ending.WRONG_PROTOCOL: "the answer was not what this service should say",
    Ending.OUT_OF_SCOPE: "not allowed to look",
    Ending.BUDGET_SPENT: "a limit was reached",
    Ending.LOCKED_OUT: "the device showed signs of locking out logins, so trying stopped",
    Ending.BUG: "a fault in iotscan itself",
}
_MAKERS = "Makers"
# Rule texts are paragraphs; nothing that a person reads on a screen is longer than this.
_LONGEST = 2000


@lru_cache(maxsize=4096)
def safe(words: str, longest: int = _LONGEST) -> str:
    """Text for a screen. Cleaned again, because a report may come from a file of someone else's."""
    return text.clean(words, longest)


def count(number: int, noun: str, plural: str = "") -> str:
    """ "1 device", "3 devices"."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def listed(items: Sequence[str], most: int = 5) -> str:
    """The first ``most`` items with commas, and how many more there are."""
    more = len(items) - most
    return ", ".join(items[:most]) + (f" and {more:,} more" if more > 0 else "")


def device_name(device: Device) -> str:
    """What to call a device: its own name, else its make, else its kind, else by its address."""
    identity = device.identity
    make = _make(identity)
    name = next(filter(None, (*device.names, make, identity.kind)), "")
    return safe(name, 60) or f"Device at {_first_address(device)}"


def device_label(device: Device) -> str:
    """Its name with the address that tells it from others of that name."""
    name = device_name(device)
    address = _first_address(device)
    return name if address in name else f"{name} ({address})"


def device_make(device: Device) -> str:
    """Kind, make and firmware as far as known; empty when that says no more than the name."""
    identity = device.identity
    make = _make(identity)
    firmware = f"firmware {safe(identity.firmware, 40)}" if identity.firmware else ""
    known = ", ".join(filter(None, (safe(identity.kind, 40), make, firmware)))
    return known if known != device_name(device) else ""


def _make(identity: Identity) -> str:
    """Vendor and model, or else family; the vendor once, where the model begins with it."""
    vendor, model = safe(identity.vendor, 40), safe(identity.model or identity.family, 40)
    if model.casefold().startswith(vendor.casefold()):
        return model
    return f"{vendor} {model}".strip()


def _first_address(device: Device) -> str:
    return str(device.addresses[0]) if device.addresses else safe(device.key, 60)


def device_about(device: Device) -> str:
    """Its make and where it is, without what its name says already."""
    place = device_place(device)
    known = place not in device_name(device)
    return " · ".join(filter(None, (device_make(device), place if known else "")))


def device_place(device: Device) -> str:
    """Its addresses and MAC on one line."""
    addresses = listed([str(address) for address in device.addresses], 3)
    if not device.mac:
        return addresses
    mac = f"MAC {safe(device.mac, 40)}" + (" (random)" if device.randomised else "")
    return f"{addresses}, {mac}" if addresses else mac


def framework(name: str) -> str:
    """ "etsi-en-303-645" as people write it."""
    return safe(name, 60).replace("-", " ").upper()


def standing(posture: Posture) -> str:
    """The grade with how much of the framework it rests on: never one without the other."""
    seen = f"requirements of {framework(posture.framework)} that a scan can see"
    if _rests_on_nothing(posture):
        return f"Not graded: none of the {posture.observable} {seen} could be decided."
    return (
        f"{_grade(posture)}: {posture.assessed} of {posture.observable} {seen} could be decided "
        f"({posture.total} in all)."
    )


def standing_briefly(posture: Posture) -> str:
    """The same in a few words, for a list."""
    name, decided = framework(posture.framework), f"{posture.assessed} of {posture.observable}"
    if _rests_on_nothing(posture):
        return f"{name}: not graded ({decided} decided)"
    return f"{name}: {_grade(posture)} ({decided} decided, {posture.total} in all)"


def _rests_on_nothing(posture: Posture) -> bool:
    """An A for which nothing was decided would read like praise."""
    return posture.assessed == 0 and posture.grade == "A"


def _grade(posture: Posture) -> str:
    return f"Grade {posture.grade}" + (" at best, incomplete" if posture.incomplete else "")


def right(verdict: Verdict) -> str:
    """What looks right, without the words that a heading already says."""
    return safe(verdict.reason.removeprefix("looks met for what was tested: "))


def for_owners(remedy: str) -> str:
    """A remedy without the sentence for makers."""
    return " ".join(part for part in _sentences(remedy) if not part.startswith(_MAKERS))


def for_makers(remedy: str) -> str:
    """What a remedy says to makers; empty when that is nothing."""
    return " ".join(part for part in _sentences(remedy) if part.startswith(_MAKERS))


def first_step(remedy: str) -> str:
    """What a remedy tells the owner to do before all else."""
    return next(iter(_sentences(for_owners(remedy))), "")


def _sentences(text: str) -> list[str]:
    return re.split(r"(?<=[.!?]) (?=[A-Z])", text)


def when(started: str) -> str:
    """ISO 8601 as a date and time of day in UTC; other text as it stands."""
    try:
        moment = datetime.fromisoformat(started)
    except ValueError:
        return safe(started, 40)
    return f"{moment.astimezone(UTC):%Y-%m-%d at %H:%M} UTC"


def lasting(seconds: float) -> str:
    """ "0.4 seconds", "43 seconds", "2 minutes 5 seconds"."""
    if seconds < 10:
        return f"{seconds:.1f} seconds"
    minutes, rest = divmod(round(seconds), 60)
    if minutes >= 120:
        hours = minutes // 60
        return count(hours, "hour") if hours < 72 else count(hours // 24, "day")
    return (f"{count(minutes, 'minute')} " if minutes else "") + count(rest, "second")


def urgency(worst: Severity | None) -> str:
    """How urgent a device with findings is; without a worst, all its risks were accepted."""
    return URGENCY[worst] if worst else "risks accepted"


def judged_under(report: Report) -> tuple[str, ...]:
    """The policy a report was made under, and the accepted risks that have ended, a line each."""
    lines = [f"The accepted risk {ended(risk)}" for risk in report.expired]
    if report.policy is not None:
        name, mark = safe(report.policy.title, 120), safe(report.policy.hash, 12)
        left = count(len(report.outside), "finding")
        lines.insert(0, f"Policy: {name} ({safe(report.policy.id, 60)}, {mark}); {left} left out.")
    return tuple(lines)


def ended(risk: Acceptance) -> str:
    """Which risk is accepted no longer, and since when."""
    where = "every device" if risk.device == "*" else safe(risk.device, 60)
    return f"{safe(risk.rule, 80)} at {where} ended on {safe(risk.expires, 20)}: it counts again."


def accepted(risk: Acceptance) -> str:
    """Who decided to live with a risk, until when, and why."""
    return f"Accepted by {safe(risk.owner, 60)} until {safe(risk.expires, 20)}: {safe(risk.reason)}"


def looked_at(report: Report) -> str:
    """Which networks or captures the report is about, and when."""
    if not report.inputs:
        allowed = listed([str(network) for network in report.scope.allow])
        verb = "Scanned" if report.source == "scan" else "Read"
        lasted = lasting(report.duration)
        return f"{verb} {allowed or 'nothing'} on {when(report.started)}, in {lasted}."
    names = listed([safe(given.name, 60) for given in report.inputs])
    frames = count(sum(given.frames for given in report.inputs), "frame")
    files = count(len(report.inputs), "capture")
    taken = f", taken from {when(report.started)} on, over {lasting(report.duration)}"
    dated = any(given.frames for given in report.inputs)
    return f"Read {files} with {frames} ({names}){taken if dated else ''}."


def proofs(finding: Finding) -> str:
    """Where the evidence lies: "c17 turns 4, 5" of a recording, "x.pcap frame 7 (0.5 s)" of a
    capture, where the time is that since its first frame.
    """
    more = len(finding.proofs) - 3
    shown = "; ".join(proof(item) for item in finding.proofs[:3])
    return shown + (f" and {more:,} more" if more > 0 else "")


def proof(cited: Proof, most: int = 6) -> str:
    """Where one piece of evidence lies, with at most so many numbers."""
    numbers = listed(list(map(str, cited.frames or cited.turns)), most)
    if cited.frames:
        many = len(cited.frames) > 1
        at = "" if cited.at is None else f" ({'from ' * many}{cited.at:.6f} s)"
        return f"{safe(cited.file, 60)} frame{'s' * many} {numbers}{at}".lstrip()
    turns = f" turn{'s' * (len(cited.turns) > 1)} {numbers}" if cited.turns else ""
    return safe(cited.source, 40) + turns
