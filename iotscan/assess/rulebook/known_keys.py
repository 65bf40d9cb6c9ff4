"""Keys that are no secret: public keys whose private half was published, as reviewed data."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from iotscan.assess.rulebook.fields import Fields
from iotscan.assess.rulebook.yamltree import Tree
from iotscan.errors import RuleError
from iotscan.model import Fact, Kind, Observation

# SHA-256 in hex, and in base64 as ssh-keygen prints it.
_FORMS = {"tls": re.compile(r"[0-9a-f]{64}"), "ssh": re.compile(r"[A-Za-z0-9+/]{43}")}
PUBLISHED = Kind(
    "keys.published",
    {"protocol": str, "of": str, "source": str, "fingerprint": str},
    "For a certificate or SSH host key whose private key is published. protocol: TLS or SSH; of:"
    " what it was published with; source: where it stands; fingerprint: SHA-256 of the public key.",
)
KINDS: tuple[Kind, ...] = (PUBLISHED,)


@dataclass(frozen=True, slots=True)
class KnownKey:
    """``protocol`` is "tls" or "ssh", ``digest`` the SHA-256 of the public key in its usual form.

    ``of``: the software or product it was published with; ``source``: where the private half is.
    """

    protocol: str
    digest: str
    of: str
    source: str


def read_known_keys(tree: Tree, path: str, faults: list[RuleError]) -> Iterator[KnownKey]:
    """The entries under ``keys``; a digest that stands twice is a fault."""
    fields = Fields(tree, path, faults)
    fields.text("about", "")
    items = fields.items("keys", required=True)
    fields.close()
    seen: set[str] = set()
    for item in items:
        entry = Fields(item, path, faults)
        found = _key(entry)
        if found.digest in seen:
            entry.fault(f"the key {found.digest} stands twice")
        seen.add(found.digest)
        yield found


def published(
    observations: Sequence[Observation], known: Mapping[str, KnownKey]
) -> Iterator[Observation]:
    """Every certificate and host key that was seen and is among the known ones (by digest)."""
    for seen in observations:
        found = known.get(digest_of(seen))
        if found is None:
            continue
        facts: dict[str, Fact] = {
            "protocol": found.protocol.upper(),
            "of": found.of,
            "source": found.source,
            "fingerprint": found.digest,
        }
        if "peer" in seen.facts:
            facts["peer"] = seen.facts["peer"]
        yield Observation(PUBLISHED.name, facts, seen.address, seen.endpoint, seen.proofs)


def digest_of(seen: Observation) -> str:
    """The digest of the key that an observation shows, whatever reader made it; "" if none.

    The same key has another digest in SSH than in TLS.
    """
    if seen.kind.endswith(".certificate"):
        return str(seen.facts.get("spki_sha256", ""))
    return str(seen.facts.get("sha256", "")) if seen.kind.endswith(".host_key") else ""


def _key(fields: Fields) -> KnownKey:
    digests = {name: fields.text(name, "") for name in _FORMS}
    given = {name: text for name, text in digests.items() if text}
    protocol, digest = next(iter(given.items()), ("tls", ""))
    if len(given) != 1:
        fields.fault("one of tls and ssh is needed")
    elif not _FORMS[protocol].fullmatch(digest):
        fields.fault(f"{protocol}: {digest} is no SHA-256 as it is written there")
    found = KnownKey(protocol, digest, fields.text("of"), fields.text("source"))
    fields.close()
    return found
