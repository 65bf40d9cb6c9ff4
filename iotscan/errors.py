"""Everything that iotscan raises, and what each failure says about how a conversation ended.

Exceptions are plain classes, never frozen dataclasses: Python assigns ``__traceback__`` to them.
"""

from __future__ import annotations

from iotscan.model import Ending


class IotscanError(Exception):
    """Base of every error iotscan raises on purpose; its text is fit for the user's eyes."""


class UsageError(IotscanError):
    """The user asked for something that cannot be done as asked (exit code 2)."""


def unreadable(path: object, error: OSError | UnicodeDecodeError) -> UsageError:
    """What to raise where a file or folder that the user named cannot be read."""
    if not isinstance(error, OSError):
        return UsageError(f"{path} cannot be read: it is no text in UTF-8")
    refused = isinstance(error, PermissionError)
    advice = "Ask its owner for the right to read it" if refused else "Check the path"
    return UsageError(f"{path} cannot be read: {error.strerror}. {advice}.")


class SettingsError(UsageError):
    """A settings file, variable or flag holds a value that cannot be used."""


class AuthorisationError(UsageError):
    """A target lies outside private ranges and no authorisation file names it."""


class RecordingError(UsageError):
    """A recording cannot be read; ``line`` (1 is the first) is where, 0 for the whole file."""

    def __init__(self, path: str, line: int, reason: str) -> None:
        super().__init__(f"{path}:{line}: {reason}" if line else f"{path}: {reason}")
        self.path, self.line, self.reason = path, line, reason


class StoreError(UsageError):
    """The history of scans cannot be opened, read or written."""


class RuleError(IotscanError):
    """One fault in a rule pack: file, line (0: the whole file) and what is wrong with it."""

    def __init__(self, path: str, line: int, reason: str) -> None:
        super().__init__(f"{path}:{line}: {reason}" if line else f"{path}: {reason}")
        self.path, self.line, self.reason = path, line, reason


class RulePackError(UsageError):
    """A rule pack is refused; ``faults`` holds every fault in it, not only the first."""

    def __init__(self, faults: list[RuleError]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = faults


class Malformed(IotscanError):
    """Bytes from the network do not follow the protocol's specification."""

    ending = Ending.WRONG_PROTOCOL


class NetworkError(IotscanError):
    """Base of what the gateway raises at a probe; ``ending`` is how the conversation then ends."""

    ending = Ending.CLOSED


class OutOfScope(NetworkError):
    """The address is outside the scope; nothing was sent."""

    ending = Ending.OUT_OF_SCOPE


class Forbidden(NetworkError):
    """A port rule or the allowed impact forbids this; nothing was sent."""

    ending = Ending.OUT_OF_SCOPE


class BudgetSpent(NetworkError):
    """A limit on logins, bytes, connections or time is used up; nothing more is sent."""

    ending = Ending.BUDGET_SPENT


class LockedOut(NetworkError):
    """The device showed a sign of lock-out or throttling: no further login is tried."""

    ending = Ending.LOCKED_OUT


class Refused(NetworkError):
    """The device refused the connection (RST, or ICMP port unreachable)."""

    ending = Ending.REFUSED


class TimedOut(NetworkError):
    """Nothing came within the time allowed; ``phase`` is connect or read, or what was asked for."""

    ending = Ending.TIMEOUT

    def __init__(self, phase: str) -> None:
        super().__init__(f"no answer in time ({phase})")
        self.phase = phase


class OutOfTime(NetworkError):
    """The conversation has used up its time: no silence of the device, which may have answered."""

    ending = Ending.TIMEOUT

    def __init__(self) -> None:
        super().__init__("the conversation took longer than allowed")


class ConnectionLost(NetworkError):
    """The device closed or reset the connection in the middle of the conversation."""

    ending = Ending.CLOSED


class TlsFailed(NetworkError):
    """The TLS handshake did not complete; the text is the reason, as far as it is known."""

    ending = Ending.TLS_FAILED
