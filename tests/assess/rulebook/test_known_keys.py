"""Keys whose private half is published: the data, and what becomes of a device that shows one."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path

import pytest

from iotscan.assess.rulebook.known_keys import KnownKey, published, read_known_keys
from iotscan.assess.rulebook.packs import load_rulebook
from iotscan.assess.rulebook.yamltree import parse
from iotscan.errors import RuleError, RulePackError
from iotscan.model import Endpoint, Fact, Observation, Proof

BOOK = load_rulebook()
TLS, SSH = "ab" * 32, "A" * 43
KNOWN = {
    TLS: KnownKey("tls", TLS, "Lamp's examples", "Lamp 1.0, server.key"),
    SSH: KnownKey("ssh", SSH, "Lamp 2", "a collection"),
}
ADDRESS = ip_address("10.0.0.9")


def seen(kind: str, **facts: Fact) -> Observation:
    return Observation(kind, facts, ADDRESS, Endpoint(ADDRESS, "tcp", 443), (Proof("c1", (3,)),))


def read(text: str) -> tuple[list[KnownKey], list[str]]:
    faults: list[RuleError] = []
    tree, _ = parse(text, "known_keys.yaml")
    assert tree is not None
    keys = list(read_known_keys(tree, "known_keys.yaml", faults))
    return keys, [f"{fault.line}: {fault.reason}" for fault in faults]


@pytest.mark.parametrize(
    ("observation", "protocol", "of"),
    [
        (seen("tls.certificate", spki_sha256=TLS, sha256="cd" * 32), "TLS", "Lamp's examples"),
        (seen("ssh.host_key", sha256=SSH, key_type="ssh-rsa"), "SSH", "Lamp 2"),
    ],
)
def test_a_published_key_is_told_with_where_it_stands(
    observation: Observation, protocol: str, of: str
) -> None:
    (found,) = published([observation], KNOWN)
    assert (found.facts["protocol"], found.facts["of"]) == (protocol, of)
    assert (found.endpoint, found.proofs) == (observation.endpoint, observation.proofs)


@pytest.mark.parametrize(
    "observation",
    [
        # the digest of a certificate, which is not that of its key
        seen("tls.certificate", spki_sha256="ef" * 32, sha256=TLS),
        seen("tls.certificate", subject="CN=lamp"),
        seen("ssh.host_key", sha256="B" * 43),
        seen("http.favicon", sha256=TLS, spki_sha256=TLS),
    ],
)
def test_nothing_else_is(observation: Observation) -> None:
    assert list(published([observation], KNOWN)) == []


def test_a_captured_key_keeps_who_was_shown_it() -> None:
    (found,) = published([seen("tls.certificate", spki_sha256=TLS, peer="10.0.0.7")], KNOWN)
    assert found.facts["peer"] == "10.0.0.7"


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ("{of: Lamp, source: x}", "one of tls and ssh is needed"),
        (f"{{of: Lamp, source: x, tls: {TLS}, ssh: {SSH}}}", "one of tls and ssh is needed"),
        ("{of: Lamp, source: x, tls: abc}", "tls: abc is no SHA-256"),
        (f"{{of: Lamp, source: x, ssh: '{SSH}='}}", "is no SHA-256"),
        (f"{{of: Lamp, tls: {TLS}}}", "the key source is missing"),
        (f"{{of: Lamp, source: x, tls: {TLS}, made: 3}}", "made"),
    ],
)
def test_a_faulty_entry_is_told_with_its_line(entry: str, fault: str) -> None:
    _, faults = read(f"keys:\n  - {entry}\n")
    assert any(fault in each for each in faults), faults
    assert all(each.startswith("2: ") for each in faults)


def test_a_key_that_stands_twice_is_told() -> None:
    entries = "".join(f"  - {{of: {of}, source: x, tls: {TLS}}}\n" for of in "ab")
    keys, faults = read(f"keys:\n{entries}")
    assert len(keys) == 2
    assert faults == [f"3: the key {TLS} stands twice"]


def test_a_faulty_file_of_the_users_refuses_the_pack(tmp_path: Path) -> None:
    (tmp_path / "known_keys.yaml").write_text("keys:\n  - {of: a, source: x, tls: z}\n")
    with pytest.raises(RulePackError, match=r"known_keys\.yaml"):
        load_rulebook([tmp_path])


def test_a_users_keys_join_the_built_in_ones(tmp_path: Path) -> None:
    (tmp_path / "known_keys.yaml").write_text(f"keys:\n  - {{of: a, source: x, tls: {TLS}}}\n")
    book = load_rulebook([tmp_path])
    assert book.keys.keys() == BOOK.keys.keys() | {TLS}
    assert book.hash != BOOK.hash


def test_the_built_in_list_holds_what_it_promises() -> None:
    assert len(BOOK.keys) >= 90
    assert {key.protocol for key in BOOK.keys.values()} == {"tls", "ssh"}
    # wolfSSL's server-key.pem, worked out with: openssl pkey -pubout -outform DER | sha256sum
    wolf = BOOK.keys["5b3efef086a7b4637b2843d0a8fb5c5e7bf1e40b49e182184077f4b1405eddcd"]
    assert wolf.of == "wolfSSL's examples"
