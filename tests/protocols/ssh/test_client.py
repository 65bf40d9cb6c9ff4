"""Our side of SSH before a login, against a server of another hand, in every combination."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncssh
import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.protocols.ssh import codec as ssh
from iotscan.protocols.ssh.ciphers import CIPHERS, MACS
from iotscan.protocols.ssh.client import HOST_KEYS, WITHOUT_RSA, Client
from iotscan.protocols.ssh.kex import METHODS

KEYS = {
    "rsa": asyncssh.generate_private_key("ssh-rsa", key_size=2048),
    "ed25519": asyncssh.generate_private_key("ssh-ed25519"),
    "ecdsa": asyncssh.generate_private_key("ecdsa-sha2-nistp521"),
}


OFFERED = ("publickey", "keyboard-interactive", "password")


class Door(asyncssh.SSHServer):
    """Offers passwords and keys, and lets nobody in."""

    open_to_all = False

    def begin_auth(self, username: str) -> bool:
        return not self.open_to_all

    def password_auth_supported(self) -> bool:
        return True

    def public_key_auth_supported(self) -> bool:
        return True


class OpenDoor(Door):
    open_to_all = True


@asynccontextmanager
async def server(
    door: type[Door] = Door, keys: Sequence[str] = ("rsa",), **options: Any
) -> AsyncIterator[int]:
    listener = await asyncssh.listen(
        "127.0.0.1", 0, server_factory=door, server_host_keys=[KEYS[k] for k in keys], **options
    )
    try:
        yield listener.get_port()
    finally:
        listener.close()
        await listener.wait_closed()


async def talk(port: int, client: Client) -> bytes:
    """Let our side talk to its end; all that the server said."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    heard = b""
    async with asyncio.timeout(10):
        while not client.over and (data := await reader.read(4096)):
            heard += data
            writer.write(client.feed(data))
    writer.close()
    return heard


# What asyncssh's server does for the old methods is deprecated below it.
@pytest.mark.filterwarnings("ignore:.*FFDH.*")
@pytest.mark.parametrize("method", METHODS)
async def test_every_key_exchange_leads_to_the_login_methods(method: str) -> None:
    client = Client()
    async with server(kex_algs=[method]) as port:
        await talk(port, client)
    assert client.methods == OFFERED
    assert client.host_key is not None
    assert client.host_key.blob == KEYS["rsa"].public_data


@pytest.mark.parametrize("cipher", CIPHERS)
async def test_every_cipher_is_followed(cipher: str) -> None:
    client = Client()
    async with server(encryption_algs=[cipher]) as port:
        await talk(port, client)
    assert client.methods == OFFERED


@pytest.mark.parametrize("mac", MACS)
@pytest.mark.parametrize("cipher", ["aes256-ctr", "aes128-cbc"])
async def test_every_mac_is_followed(mac: str, cipher: str) -> None:
    client = Client()
    async with server(mac_algs=[mac], encryption_algs=[cipher]) as port:
        await talk(port, client)
    assert client.methods == OFFERED


async def test_rsa_is_asked_for_first_and_can_be_left_out() -> None:
    async with server(keys=("ed25519", "rsa")) as port:
        first, second = Client(), Client(WITHOUT_RSA)
        await talk(port, first)
        await talk(port, second)
    assert first.host_key is not None
    assert second.host_key is not None
    assert (first.host_key.kind, second.host_key.kind) == ("ssh-rsa", "ssh-ed25519")
    assert set(WITHOUT_RSA) < set(HOST_KEYS)


async def test_the_same_words_of_the_server_teach_a_reader_the_same() -> None:
    async with server(keys=("ecdsa",)) as port:
        there = Client()
        heard = await talk(port, there)
    for size in (1, 7, len(heard)):
        reader = Client()
        for at in range(0, len(heard), size):
            reader.feed(heard[at : at + size])
        assert (reader.methods, reader.host_key, reader.offer, reader.over) == (
            there.methods,
            there.host_key,
            there.offer,
            True,
        )


@pytest.mark.parametrize("mac", ["hmac-sha2-256", "hmac-sha2-256-etm@openssh.com", "gcm"])
async def test_a_packet_that_was_changed_on_the_way_is_not_believed(mac: str) -> None:
    cipher = "aes128-gcm@openssh.com" if mac == "gcm" else "aes128-ctr"
    macs = () if mac == "gcm" else [mac]
    async with server(encryption_algs=[cipher], mac_algs=macs) as port:
        heard = bytearray(await talk(port, Client()))
    heard[-20 if mac == "gcm" else -40] ^= 1
    reader = Client()
    with pytest.raises(Malformed):
        reader.feed(bytes(heard))
    assert reader.methods is None
    assert reader.host_key is not None


async def test_a_door_without_a_lock_is_seen() -> None:
    client = Client()
    async with server(OpenDoor) as port:
        await talk(port, client)
    assert client.let_in is True
    assert client.methods == ()


async def test_a_server_with_nothing_in_common_has_told_its_list() -> None:
    client = Client()
    async with server(encryption_algs=["chacha20-poly1305@openssh.com"]) as port:
        await talk(port, client)
    assert client.over
    assert client.methods is None
    assert client.offer is not None
    assert client.offer.ciphers_in == ("chacha20-poly1305@openssh.com",)


def test_version_1_is_told_and_left() -> None:
    client = Client()
    assert client.feed(b"SSH-1.5-1.2.26\n") == b""
    assert client.over
    assert client.server is not None
    assert client.server.protocol == "1.5"


@pytest.mark.parametrize(
    "payload", [b"\x1f" + bytes(20), b"\x15", b"\x33" + bytes(8), b"\x00", b""]
)
def test_messages_out_of_turn_are_refused(payload: bytes) -> None:
    client = Client()
    client.feed(b"SSH-2.0-x\r\n")
    with pytest.raises(Malformed):
        client.feed(ssh.packet(payload))


@pytest.mark.parametrize("half", [b"", b"\x09", bytes(32), b"\xff" * 33])
def test_an_impossible_half_of_a_key_exchange_is_refused(half: bytes) -> None:
    client = Client()
    offer = client.ours
    client.feed(b"SSH-2.0-x\r\n" + ssh.packet(offer.encode(bytes(16))))
    reply = b"\x1f" + ssh.string(b"key") + ssh.string(half) + ssh.string(b"signature")
    with pytest.raises(Malformed):
        client.feed(ssh.packet(reply))


def test_a_server_that_never_comes_to_the_point_is_left() -> None:
    client = Client()
    client.feed(b"SSH-2.0-x\r\n")
    with pytest.raises(Malformed):
        client.feed(ssh.packet(b"\x02" + ssh.string(b"ignore me")) * 100)


@given(st.binary(max_size=200), st.booleans())
def test_garbage_is_refused_or_waited_for(data: bytes, named: bool) -> None:
    client = Client()
    try:
        client.feed((b"SSH-2.0-x\r\n" if named else b"") + data)
    except Malformed:
        return
    assert client.methods is None
