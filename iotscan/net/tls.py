"""TLS towards devices: the most tolerant client that OpenSSL allows, and what the handshake showed.

A device with an old or weak TLS is the one worth reporting, so nothing is verified and everything
that can be offered is offered. What this OpenSSL cannot speak at all ends in TlsFailed, which says
nothing about the device (SSL 3.0, RC4).
"""

from __future__ import annotations

import ssl
from typing import Any

from iotscan.errors import TlsFailed
from iotscan.model import TlsFacts

_HANDSHAKE_CERTIFICATE = 11  # RFC 8446 section 4
_HANDSHAKE_CERTIFICATE_REQUEST = 13
_CONTENT_HANDSHAKE = 22
# RFC 5746 section 4.2: a server without secure renegotiation; the name came with Python 3.12.
_LEGACY_SERVER_CONNECT = getattr(ssl, "OP_LEGACY_SERVER_CONNECT", 0x4)
# A chain longer than this is no chain, and OpenSSL itself stops at 100 kB.
_LONGEST_CHAIN = 10


class TlsSession:
    """One client session without a socket: bytes in, bytes out.

    Feed what the device sent with :meth:`feed`, send it what :meth:`pending` returns.
    """

    def __init__(self) -> None:
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._chain: tuple[bytes, ...] = ()
        self._asked: bool | None = None
        self.facts: TlsFacts | None = None
        self._object = _context(self._on_message).wrap_bio(self._incoming, self._outgoing)

    def feed(self, data: bytes) -> None:
        """Bytes from the device; b"" when it closed."""
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()

    def pending(self) -> bytes:
        """Bytes to send to the device."""
        return self._outgoing.read()

    def handshake(self) -> bool:
        """Whether the handshake is done; False: feed more. Raises TlsFailed."""
        try:
            self._object.do_handshake()
        except ssl.SSLWantReadError:
            return False
        except ssl.SSLError as error:
            raise TlsFailed(f"TLS handshake failed: {_reason_of(error)}") from error
        self.facts = self._read_facts()
        return True

    def read(self, limit: int) -> bytes | None:
        """Plain bytes, b"" at the session's end, None: feed more.

        Raises TlsFailed when the device ends the session with an alert: in TLS 1.3 that is how it
        says after the handshake that it wanted a certificate.
        """
        try:
            return self._object.read(limit)
        except ssl.SSLWantReadError:
            return None
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            return b""
        except ssl.SSLError as error:
            raise TlsFailed(f"TLS session ended: {_reason_of(error)}") from error

    def write(self, data: bytes) -> None:
        """Encrypt; :meth:`pending` has the result. Raises TlsFailed."""
        try:
            self._object.write(data)
        except ssl.SSLError as error:
            raise TlsFailed(f"TLS session ended: {_reason_of(error)}") from error

    def _on_message(self, version: int, content: int, kind: int, data: bytes) -> None:
        """A handshake message in the clear, TLS 1.3's encrypted ones too."""
        if content != _CONTENT_HANDSHAKE:
            return
        if kind == _HANDSHAKE_CERTIFICATE_REQUEST:
            self._asked = True
        elif kind == _HANDSHAKE_CERTIFICATE:
            self._chain = certificates(data, version >= ssl.TLSVersion.TLSv1_3)

    def _read_facts(self) -> TlsFacts:
        leaf = self._object.getpeercert(binary_form=True)
        chain = self._chain or ((leaf,) if leaf else ())
        cipher = self._object.cipher()
        asked = bool(self._asked) if _hears_messages() else None
        return TlsFacts(
            version=self._object.version() or "",
            cipher=cipher[0] if cipher else "",
            chain=chain,
            alpn=self._object.selected_alpn_protocol() or "",
            client_certificate_requested=asked,
        )


def certificates(message: bytes, has_context: bool) -> tuple[bytes, ...]:
    """The DER certificates of a Certificate message, leaf first; as many as are whole.

    ``message`` with its four-byte header. RFC 5246 section 7.4.2; RFC 8446 section 4.4.2 puts a
    context before the list and extensions behind each certificate (``has_context``).
    """
    at = 4
    if has_context:
        at += 1 + (message[at] if len(message) > at else 0)
    at += 3
    chain: list[bytes] = []
    while at + 3 <= len(message) and len(chain) < _LONGEST_CHAIN:
        size = int.from_bytes(message[at : at + 3], "big")
        at += 3
        if size == 0 or at + size > len(message):
            break
        chain.append(message[at : at + size])
        at += size
        if has_context:
            at += 2 + int.from_bytes(message[at : at + 2], "big")
    return tuple(chain)


def _reason_of(error: ssl.SSLError) -> str:
    """OpenSSL's words for the failure, in lower case: "sslv3 alert handshake failure"."""
    return (error.reason or str(error)).replace("_", " ").lower()


def _context(on_message: Any) -> ssl.SSLContext:
    """A context that accepts whatever OpenSSL can speak; made per session, 0.15 ms each."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("ALL:COMPLEMENTOFALL:@SECLEVEL=0")
    context.options |= _LEGACY_SERVER_CONNECT | ssl.OP_IGNORE_UNEXPECTED_EOF
    if _hears_messages():
        # CPython's own test hook: the only way to see the chain as sent and, in TLS 1.3, the
        # request for a certificate. Without it the leaf alone is known.
        context._msg_callback = lambda _object, direction, *message: (  # type: ignore[attr-defined]
            on_message(*message) if direction == "read" else None
        )
    return context


def _hears_messages() -> bool:
    return hasattr(ssl.SSLContext, "_msg_callback")
