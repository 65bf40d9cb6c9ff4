"""The words that rules may use of telnet: the kinds of observation its reader yields."""

from __future__ import annotations

from iotscan.model import Kind

KINDS = (
    Kind(
        "telnet.service",
        {
            "cleartext": bool,
            "negotiates": bool,
            "options": tuple,
            "encryption_offered": bool,
            "start_tls_offered": bool,
            "prompt": str,
            "login_required": bool,
            "open_shell": bool,
            "idle_timeout": int,
        },
        "A telnet server answered. prompt: login, password, shell or none; open_shell: a command "
        "line was proven without any login; idle_timeout: seconds, as the device states them.",
    ),
    Kind(
        "telnet.banner",
        {
            "banner": str,
            "vendor": str,
            "product": str,
            "model": str,
            "firmware": str,
            "device_kind": str,
            "host": str,
            "kernel": str,
            "machine": str,
            "busybox": str,
            "serial": str,
            "mac": str,
            "discloses": tuple,
        },
        "Text shown before any login. discloses: which of its facts help an attacker or name the "
        "unit.",
    ),
    Kind(
        "telnet.ntlm",
        {"computer": str, "domain": str, "dns_computer": str, "dns_domain": str, "version": str},
        "A Windows server named itself, its domain and its build in an NTLM challenge.",
    ),
    Kind(
        "telnet.login",
        {
            "accepted": bool,
            "login": str,
            "username": str,
            "password_asked": bool,
            "empty_password": bool,
            "control_accepted": bool,
            "accepts_anything": bool,
            "attempts": int,
            "refused": int,
            "locked_out": bool,
            "throttled": bool,
            "change_forced": bool,
            "honeypot_signs": bool,
        },
        "We tried publicly known logins. accepted: a command line was proven behind login; "
        "control_accepted: a random pair was let in too; throttled: refusals came late or later.",
    ),
    Kind(
        "telnet.session",
        {"cleartext": bool, "username": str, "outcome": str, "password_seen": bool},
        "Somebody else's telnet session was overheard. outcome of its login: accepted, refused, "
        "locked or unknown.",
    ),
)
