"""iotscan finds the devices on a network, checks them without harm, and says what to do.

    report = asyncio.run(iotscan.scan(iotscan.Settings(targets=("192.168.1.0/24",))))
    report = iotscan.replay("home.jsonl")

``scan`` and ``replay`` return the same :class:`Report`. Everything else a program needs are the
nouns in :mod:`iotscan.model` and, for new probes, :mod:`iotscan.probe_api`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from iotscan.version import __version__

if TYPE_CHECKING:
    from iotscan.api import replay, scan
    from iotscan.capture.recording import load as load_recording
    from iotscan.model import Finding, Impact, Report, Severity
    from iotscan.settings import Limits, Settings


__all__ = [
    "Finding",
    "Impact",
    "Limits",
    "Report",
    "Settings",
    "Severity",
    "__version__",
    "load_recording",
    "replay",
    "scan",
]

_HOME = {
    "Finding": ("iotscan.model", "Finding"),
    "Impact": ("iotscan.model", "Impact"),
    "Limits": ("iotscan.settings", "Limits"),
    "Report": ("iotscan.model", "Report"),
    "Settings": ("iotscan.settings", "Settings"),
    "Severity": ("iotscan.model", "Severity"),
    "load_recording": ("iotscan.capture.recording", "load"),
    "replay": ("iotscan.api", "replay"),
    "scan": ("iotscan.api", "scan"),
}


def __getattr__(name: str) -> Any:
    """Import on first use: ``iotscan --help`` must not pay for the engine."""
    if name not in _HOME:
        raise AttributeError(f"module 'iotscan' has no attribute {name!r}")
    from importlib import import_module

    module, attribute = _HOME[name]
    return getattr(import_module(module), attribute)
