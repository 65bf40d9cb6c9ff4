"""The words that rules may use of SSH: the kinds of observation its reader yields."""

from __future__ import annotations

from iotscan.model import Kind

KINDS = (
    Kind(
        "ssh.service",
        {
            "protocol": str,
            "protocol_1": bool,
            "software": str,
            "comments": str,
            "banner": str,
            "auth_methods": tuple,
            "password_login": bool,
            "let_in": bool,
        },
        "An SSH server answered. protocol_1: it takes version 1 (also 1.99); auth_methods: what it "
        "offers to a name that nobody has; let_in: that name was let in without any login.",
    ),
    Kind(
        "ssh.algorithms",
        {
            "kex": tuple,
            "host_key": tuple,
            "ciphers": tuple,
            "macs": tuple,
            "compression": tuple,
            "weak": tuple,
            "any_weak": bool,
            "prefix_truncation": bool,
        },
        "What the server offers. weak: the outdated names among it; prefix_truncation: a session "
        "may be one that CVE-2023-48795 applies to.",
    ),
    Kind(
        "ssh.host_key",
        {"key_type": str, "bits": int, "sha256": str, "weak": bool},
        "A host key, as the server showed it in a key exchange. sha256: its usual fingerprint.",
    ),
    Kind(
        "ssh.login",
        {
            "accepted": bool,
            "login": str,
            "username": str,
            "control_accepted": bool,
            "accepts_anything": bool,
            "attempts": int,
            "refused": int,
            "locked_out": bool,
        },
        "We tried publicly known logins. What was said is encrypted: the outcomes are those that "
        "the gateway noted when the server's answer was read.",
    ),
    Kind(
        "ssh.overheard",
        {
            "protocol": str,
            "protocol_1": bool,
            "software": str,
            "comments": str,
            "client_software": str,
            "peer": str,
        },
        "Somebody else's SSH session was overheard: what both sides said they are.",
    ),
)
