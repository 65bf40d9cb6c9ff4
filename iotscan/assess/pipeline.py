"""The assessment: a recording and a rulebook in, a report out, and nothing else looked at.

Everything is put in canonical order first, so that the order in which things happened to be
written down does not show.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from operator import itemgetter

from iotscan.assess.booking import booked
from iotscan.assess.coverage import find_gaps, hides_something
from iotscan.assess.derived.derive import Stock, derive, where
from iotscan.assess.derived.flaws import flaws
from iotscan.assess.derived.support import support
from iotscan.assess.findings import earliest, judge
from iotscan.assess.identify import identify
from iotscan.assess.inventory import about_itself, owner_of, take_stock
from iotscan.assess.links import usable
from iotscan.assess.measuring import Judged, emitters, postures
from iotscan.assess.posture import Measure
from iotscan.assess.profiles import Profiles, compared
from iotscan.assess.reading import Plugins, Readings, read_all
from iotscan.assess.rulebook.book import Rulebook
from iotscan.assess.rulebook.known_keys import published
from iotscan.assess.rulebook.packs import load_rulebook
from iotscan.credentials import CONTROL
from iotscan.model import (
    Address,
    ConversationNote,
    Device,
    Endpoint,
    Fact,
    Feed,
    Input,
    Observation,
    Proof,
    Recording,
    Report,
    Service,
    Sweep,
    Transcript,
)

REPORT_FORMAT = 1
MOST_PROOFS = 16
# Settings in the header of a recording that the judgement heeds.
ASKS_SUPPORT, FEEDS = "support_periods", "feeds"
# Beyond so many different observations at one place they are no longer compared with each other.
MOST_ALIKE = 64

_Place = tuple[str, Address, Endpoint | None]


def assess(
    recording: Recording, book: Rulebook | None = None, plugins: Plugins | None = None
) -> Report:
    """What a recording shows, judged by ``book`` (by default the built-in rules).

    The same recording, rules and plug-ins give the same report. Raises RulePackError when the
    built-in rules are needed and broken.
    """
    book = book or load_rulebook()
    plugins = plugins or Plugins()
    recording = _in_order(recording)
    return conclude(recording, read_all(recording, plugins), book, plugins)


def conclude(
    recording: Recording,
    readings: Readings,
    book: Rulebook,
    plugins: Plugins,
    inputs: Sequence[Input] = (),
    profiles: Profiles | None = None,
) -> Report:
    """The report on what readers said. Of a capture the recording holds no conversations: they
    were read as they went by, and ``readings`` tells what remains of them. ``profiles``: MUD files
    to hold it against.
    """
    readings = booked(readings) if recording.header.source == "capture" else readings
    own = [seen for seen in readings.observations if about_itself(seen)]
    devices = identify(_stock(recording, readings, plugins), own, book.fingerprints)
    profiles = profiles or Profiles()
    concluded = _concluded(recording, readings, devices, own, book, profiles)
    observations = _merged([*readings.observations, *concluded])
    judged = Judged(
        devices=devices,
        observations=observations,
        findings=judge(observations, devices, book),
        gaps=find_gaps(recording, [*readings.gaps, *profiles.unused(devices)], devices),
        emitters=emitters(plugins),
        asked=_asked(recording),
        impact=recording.header.scope.impact,
        live=recording.header.source == "scan",
        finished=recording.footer is not None and recording.footer.complete,
    )
    return _report(recording, readings, judged, book, inputs)


def _stock(recording: Recording, readings: Readings, plugins: Plugins) -> tuple[Device, ...]:
    """The devices, by where they are and what they serve; not yet what they are."""
    heard = {seen.address for seen in readings.observations if usable(seen.address)}
    transcripts = [_named(talk, readings, plugins) for talk in recording.transcripts]
    answered = _answered(readings, plugins)
    return take_stock(readings.witnesses, recording.sweeps, transcripts, heard, answered)


def _concluded(
    recording: Recording,
    readings: Readings,
    devices: tuple[Device, ...],
    own: Sequence[Observation],
    book: Rulebook,
    profiles: Profiles,
) -> Iterator[Observation]:
    """What no reader could say alone: of several conversations, of products, of lists and profiles.

    ``own``: what devices said of themselves.
    """
    stock = Stock(
        recording,
        devices,
        readings.observations,
        readings.began,
        readings.answers,
        readings.contacts,
        readings.hours,
    )
    asked = book.asks_support or recording.header.settings.get(ASKS_SUPPORT) is True
    derived = derive(stock)
    yield from derived
    yield from flaws(devices, own, tuple(book.flaws.values()), book.feeds)
    yield from support(devices, own, book.support, recording.header.started, asked=asked)
    yield from compared(devices, derived, profiles)
    yield from published(readings.observations, book.keys)


def _report(
    recording: Recording,
    readings: Readings,
    judged: Judged,
    book: Rulebook,
    inputs: Sequence[Input],
) -> Report:
    """All of it in the form that is handed out."""
    return Report(
        format=REPORT_FORMAT,
        version=recording.header.version,
        rules=book.hash,
        started=recording.header.started,
        duration=recording.footer.ended if recording.footer else _last(recording),
        source=recording.header.source,
        scope=recording.header.scope,
        complete=judged.finished and not any(map(hides_something, judged.gaps)),
        devices=tuple(judged.devices),
        observations=tuple(judged.observations),
        findings=tuple(found for found in judged.findings if book.reports(found.rule)),
        postures=postures(judged, Measure(book)),
        gaps=tuple(judged.gaps),
        blind_spots=tuple(sorted({*recording.blind_spots, *_missing_feeds(recording, book)})),
        conversations=(*map(_note, recording.transcripts), *readings.notes),
        inputs=tuple(inputs),
        ports=str(recording.header.settings.get("port_list", "")),
        sweeps=_sweeps(recording, judged.devices),
        policy=book.policy,
        feeds=book.feeds.notes,
        outside=tuple(found for found in judged.findings if not book.reports(found.rule)),
        finished=judged.finished,
    )


def _missing_feeds(recording: Recording, book: Rulebook) -> Iterator[str]:
    """Lists of flaws that the scan was judged by and that are not here: findings may be missing."""
    told = recording.header.settings.get(FEEDS, ())
    have = {feed_word(feed) for feed in book.feeds.notes}
    for word in told if isinstance(told, tuple) else ():
        if word not in have:
            yield f"The scan was held against the list of flaws {word}, which is not imported here."


def feed_word(feed: Feed) -> str:
    """How a recording names a list of flaws."""
    return f"{feed.name} of {feed.date} (SHA-256 {feed.sha256[:16]})"


def _answered(readings: Readings, plugins: Plugins) -> list[Service]:
    """The services of a capture, named where only one probe that finds services could read them."""
    return [
        Service(
            endpoint,
            _only(readings.spoken.get(endpoint, frozenset()), plugins),
            opened=endpoint in readings.opened if endpoint.transport == "tcp" else None,
        )
        for endpoint in readings.answers
    ]


def _only(speakers: frozenset[str], plugins: Plugins) -> str | None:
    finders = [name for name in sorted(speakers) if plugins.probes[name].openings]
    return finders[0] if len(finders) == 1 else None


def _in_order(recording: Recording) -> Recording:
    return replace(
        recording,
        packets=tuple(sorted(recording.packets, key=lambda p: (p.at, _number(p.id)))),
        sightings=tuple(sorted(recording.sightings, key=lambda s: (s.proof.source, repr(s)))),
        sweeps=tuple(sorted(recording.sweeps, key=lambda s: _number(s.id))),
        transcripts=tuple(sorted(recording.transcripts, key=lambda t: _number(t.id))),
    )


def _number(name: str) -> tuple[str, int, str]:
    """Sort key that puts c9 before c10."""
    letters = name.rstrip("0123456789")
    return (letters, int(name[len(letters) :] or 0), name)


def _named(talk: Transcript, readings: Readings, plugins: Plugins) -> Transcript:
    """With the service's name where only one probe that finds services could read it."""
    name = _only(readings.speakers.get(talk.id, frozenset()), plugins)
    if talk.service.name is not None or name is None:
        return talk
    return replace(talk, service=replace(talk.service, name=name))


def _merged(observations: Sequence[Observation]) -> tuple[Observation, ...]:
    """Each observation once, with the proofs of all that say the same or less of it.

    A port is greeted to recognise it and again to judge it: what the first conversation showed is
    part of what the second did, and no second fact.
    """
    alike: dict[_Place, dict[frozenset[tuple[str, Fact]], tuple[int, list[Proof]]]] = {}
    ordered = sorted(observations, key=where)
    # The richest first, so that what says less finds it.
    for rank, seen in sorted(enumerate(ordered), key=lambda item: -len(item[1].facts)):
        known = alike.setdefault((seen.kind, seen.address, seen.endpoint), {})
        facts = frozenset(seen.facts.items())
        richer = facts
        if facts not in known and len(known) <= MOST_ALIKE:
            richer = next((other for other in known if facts < other), facts)
        known.setdefault(richer, (rank, []))[1].extend(seen.proofs)
    # Each place and fact stands here once, so that the proofs, which changed, order nothing.
    merged = sorted((one for known in alike.values() for one in known.values()), key=itemgetter(0))
    return tuple(
        replace(ordered[rank], proofs=earliest(proofs)[:MOST_PROOFS]) for rank, proofs in merged
    )


def _asked(recording: Recording) -> set[Address]:
    """The addresses that something was asked of."""
    asked = {talk.service.endpoint.address for talk in recording.transcripts}
    return asked | {sweep.address for sweep in recording.sweeps}


def _note(talk: Transcript) -> ConversationNote:
    endpoint = talk.service.endpoint
    tried = (channel.login for channel in talk.channels if channel.login)
    logins = tuple(dict.fromkeys(name for name in tried if not name.startswith(CONTROL)))
    return ConversationNote(
        talk.id, talk.probe, endpoint, talk.ending, len(talk.turns), talk.note, logins
    )


def _sweeps(recording: Recording, devices: Sequence[Device]) -> tuple[Sweep, ...]:
    """Those of addresses that turned out to be a device's; the others say nothing of any."""
    owners = owner_of(devices)
    return tuple(sweep for sweep in recording.sweeps if sweep.address in owners)


def _last(recording: Recording) -> float:
    """When the last thing was written down, for a recording that was cut off."""
    times = [0.0, *(p.at for p in recording.packets), *(s.at for s in recording.sweeps)]
    times += [talk.began + turn.at for talk in recording.transcripts for turn in talk.turns[-1:]]
    return max(times)
