"""SSH: what a server offers, which key it shows, which logins it takes, and whether a known one.

One connection shows all but the last (see ssh_client). Each known login then has a connection of
its own, made by asyncssh through a relay; the password is never sent but inside its encryption.
Servers that count unfriendly connections (OpenSSH from 9.8 on) get fewer of them.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence

from cryptography.utils import CryptographyDeprecationWarning

from iotscan.errors import ConnectionLost, LockedOut, Malformed
from iotscan.model import Impact, Observation, Outcome, Service, Transcript
from iotscan.probe_api import Login, Network, Opening, Relay, either, try_logins
from iotscan.protocols.ssh import reading as ssh_reading
from iotscan.protocols.ssh.client import WITHOUT_RSA, Client
from iotscan.protocols.ssh.kinds import KINDS

PORTS = (22, 2022, 2222, 22222, 8022, 10022)
# OpenSSH from 9.8 on bans an address that collects 15 s of penalty: 5 s for a connection whose
# login failed, 1 s for one without any (PerSourcePenalties in sshd_config(5)). Two failures, a
# control and the two connections before them stay below.
CAREFUL = re.compile(r"OpenSSH_(?:9\.[89]|9\.\d\d|[1-9]\d)")
CAREFUL_TRIES = 2
# Seconds for a login: a slow CPU needs several for the key exchange, and PAM holds back a refusal
# for two or three.
LOGIN_SECONDS = 15.0
# What a server says in place of its identification when it will not talk to us just now.
_TURNED_AWAY = re.compile(rb"Not allowed at this time|Exceeded MaxStartups|Too many")


class Ssh:
    name = "ssh"
    openings = (Opening("identification", "tcp", PORTS),)
    impact = Impact.GREET
    emits = KINDS
    begins = either("tcp", (b"S", b"S", b"H", b"-"))

    def recognises(self, heard: bytes) -> bool:
        return ssh_reading.recognises(heard)

    def handles(self, service: Service) -> bool:
        return service.name == self.name

    async def converse(self, service: Service, net: Network, logins: Sequence[Login]) -> None:
        client = await _greet(service, net, Client())
        if client.offer is not None and client.host_key is None and not client.over:
            client = await _greet(service, net, Client(WITHOUT_RSA))
        method = _method(client)
        if not method or client.let_in or net.impact < Impact.LOGIN:
            return
        if client.server is not None and CAREFUL.match(client.server.software):
            tries = [login for login in logins if not login.control][:CAREFUL_TRIES]
            logins = (*tries, *(login for login in logins if login.control))
        await try_logins(net, logins, _Attempts(service, net, method).attempt)

    def read(self, talk: Transcript) -> Iterator[Observation]:
        reader = ssh_reading.read_own if talk.client is None else ssh_reading.read_captured
        yield from reader(talk)


async def _greet(service: Service, net: Network, client: Client) -> Client:
    """Everything that is told before a login. Raises LockedOut when the server turns us away."""
    heard = b""
    async with net.tcp(service) as stream:
        while not client.over:
            data = await stream.read()
            heard += data[:256]
            if _TURNED_AWAY.match(heard):
                raise LockedOut("the server turns us away before it names itself")
            if not data:
                break
            answer = _fed(client, data)
            if answer:
                await stream.write(answer)
    if client.server is None:
        raise ConnectionLost("closed before it named itself")
    return client


def _fed(client: Client, data: bytes) -> bytes:
    """What to answer. Raises Malformed if that is not SSH; a fault later on ends the talk."""
    try:
        return client.feed(data)
    except Malformed:
        if client.server is None:
            raise
        client.over = True
        return b""


def _method(client: Client) -> str:
    """How a password may be given; "" if not at all, or if nobody knows."""
    offered = client.methods or ()
    return next((m for m in ("password", "keyboard-interactive") if m in offered), "")


class _Attempts:
    """Login tries on one service. ``refused``: how many the server has answered with a no."""

    def __init__(self, service: Service, net: Network, method: str) -> None:
        self.service, self.net, self.method = service, net, method
        self.refused = 0

    async def attempt(self, login: Login) -> Outcome:
        try:
            async with self.net.relay(self.service, login=login) as relay:
                outcome = await self._log_in(relay, login.username)
        except ConnectionLost:
            outcome = Outcome.UNCLEAR
        if outcome is Outcome.REFUSED:
            self.refused += 1
        elif outcome is Outcome.UNCLEAR and self.refused:
            # It answered the logins before; servers that punish failures stop answering.
            return Outcome.LOCKED
        return outcome

    async def _log_in(self, relay: Relay, username: str) -> Outcome:
        """Log in with one method and leave at once, or learn how that failed."""
        import asyncssh  # a fifth of a second to import, and most scans meet no login of SSH

        # Old servers know nothing but what the library below asyncssh warns of.
        warnings.filterwarnings(
            "ignore", category=CryptographyDeprecationWarning, module="asyncssh"
        )
        everything = "+*"
        try:
            connection = await asyncssh.connect(
                relay.host,
                relay.port,
                username=username,
                password=relay.secret.decode("utf-8", "surrogateescape"),
                preferred_auth=(self.method,),
                known_hosts=None,
                client_keys=None,
                agent_path=None,
                config=None,
                gss_host=None,
                kex_algs=everything,
                encryption_algs=everything,
                mac_algs=everything,
                server_host_key_algs=everything,
                connect_timeout=LOGIN_SECONDS,
                login_timeout=LOGIN_SECONDS,
            )
        except asyncssh.PermissionDenied:
            return Outcome.REFUSED
        except asyncssh.DisconnectError as error:
            many = error.code == asyncssh.DISC_TOO_MANY_CONNECTIONS
            return Outcome.LOCKED if many else Outcome.UNCLEAR
        except (asyncssh.Error, OSError, TimeoutError):
            return Outcome.UNCLEAR
        connection.abort()
        return Outcome.ACCEPTED


PROBE = Ssh()
