"""Daemons with accounts of their own: they see a passwd and shadow that only this lab knows."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

from lan import Host


def hashed(password: str) -> str:
    """The password as crypt(3) keeps it."""
    return subprocess.run(
        ["openssl", "passwd", "-6", password], capture_output=True, text=True, check=True
    ).stdout.strip()


def with_accounts(
    host: Host, passwords: Mapping[str, str], command: str, home: str = "/"
) -> list[str]:
    """The argv that runs a command with these accounts in place of the machine's.

    All of them are the super-user by number, as on small devices; a mount namespace of the
    daemon's own holds the files, and nothing of the machine changes. Other names of the machine's
    passwd stay, since daemons look for the ones they run as. ``home``: that of the guest, "ftp".
    """
    with Path("/etc/passwd").open(encoding="utf-8") as file:
        others = [line for line in file if line.partition(":")[0] not in (*passwords, "ftp")]
    others.append(f"ftp:x:65534:65534:ftp:{home}:/bin/false\n")
    own = [f"{name}:x:0:0:{name}:/:/bin/sh\n" for name in passwords]
    host.file("passwd", "".join([*own, *others]))
    locked = [f"{line.partition(':')[0]}:!:19000:0:99999:7:::\n" for line in others]
    known = [f"{name}:{hashed(word)}:19000:0:99999:7:::\n" for name, word in passwords.items()]
    host.file("shadow", "".join([*known, *locked]))
    script = host.file(
        "start.sh",
        "set -e\nmount --make-rprivate /\n"
        f"mount --bind {host.folder}/passwd /etc/passwd\n"
        f"mount --bind {host.folder}/shadow /etc/shadow\n"
        f"exec {command}\n",
    )
    return ["unshare", "--mount", "sh", script]
