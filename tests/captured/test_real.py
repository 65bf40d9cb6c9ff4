"""Real clients at real daemons, overheard: what made-up conversations may have got wrong."""

from __future__ import annotations

import imaplib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from conversing import told
from daemons import HOME, accepts, free_port, program, running
from wiretap import tapped


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[int]:
    """net-snmp's agent over TCP (RFC 3430), with a community of its own."""
    port = free_port()
    conf = tmp_path / "snmpd.conf"
    conf.write_text(f"rocommunity s3cret\nagentaddress tcp:{HOME}:{port}\n")
    state = {"SNMP_PERSISTENT_DIR": str(tmp_path)}
    command = [program("snmpd"), "-f", "-Lo", "-C", "-c", conf, "-I", "-smux,mteTrigger"]
    with running(command, port, environment=state):
        yield port


@pytest.mark.parametrize(("community", "answered"), [("s3cret", True), ("other", False)])
def test_communities_over_tcp(agent: int, community: str, answered: bool) -> None:
    asks = [program("snmpget"), "-v2c", "-c", community, "-r0", "-t1"]
    with tapped(agent, 161) as tap:
        where = [f"tcp:{HOME}:{tap.port}", "1.3.6.1.2.1.1.1.0"]
        subprocess.run([*asks, *where], capture_output=True, check=False)
        frames = list(tap.frames())
    (seen,) = told(frames, "snmp-community-seen")
    assert (seen["version"], seen["answered"], seen["peer"]) == ("2c", answered, "192.168.1.5")


LAB = Path(__file__).resolve().parent.parent / "lab"
PYTHON = "/usr/bin/python3"


def has_streams() -> bool:
    """Whether the system's Python knows GStreamer's server."""
    words = "import gi; gi.require_version('GstRtspServer', '1.0')"
    try:
        return not subprocess.run(
            [PYTHON, "-c", words], capture_output=True, check=False
        ).returncode
    except OSError:
        return False


@pytest.mark.skipif(not has_streams(), reason="not installed: gir1.2-gst-rtsp-server-1.0")
@pytest.mark.parametrize(
    ("kind", "login", "rule", "outcome"),
    [
        ("open", (), "rtsp-unauthenticated-stream", None),
        ("basic", ("admin", "12345"), "rtsp-credentials-seen", "accepted"),
        ("digest", ("admin", "12345"), "rtsp-digest-over-cleartext", "accepted"),
        ("basic", ("admin", "wrong"), "rtsp-credentials-seen", "refused"),
    ],
)
def test_streams_in_http(kind: str, login: tuple[str, ...], rule: str, outcome: str | None) -> None:
    port = free_port()
    with running([PYTHON, LAB / "streams.py", kind, port], port), tapped(port, 80) as tap:
        player = [PYTHON, str(LAB / "player.py"), str(tap.port), *login]
        subprocess.run(player, capture_output=True, check=False, timeout=60)
        frames = list(tap.frames())
    (seen,) = told(frames, rule)
    assert (seen.get("username"), seen.get("outcome")) == ("admin" if login else None, outcome)


_DOVECOT = """\
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
listen = {home}
first_valid_uid = 0
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login
default_internal_user = root
default_login_user = nobody
default_internal_group = root
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
passdb {{
  driver = static
  args = password=s3cret
}}
userdb {{
  driver = static
  args = uid=0 gid=0 home={folder}
}}
mail_location = maildir:{folder}/mail
"""


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[int]:
    port = free_port()
    conf = tmp_path / "dovecot.conf"
    conf.write_text(_DOVECOT.format(folder=tmp_path, home=HOME, port=port))
    with running([program("dovecot"), "-F", "-c", conf], port, answers=accepts):
        yield port


@pytest.mark.parametrize("secret", ["s3cret", "wrong"])
@pytest.mark.parametrize("mechanism", ["login", "plain"])
def test_logins_of_a_mailbox(mailbox: int, mechanism: str, secret: str) -> None:
    with tapped(mailbox, 143) as tap:
        client = imaplib.IMAP4(HOME, tap.port)
        try:
            if mechanism == "login":
                client.login("cam", secret)
            else:
                client.authenticate("PLAIN", lambda _: f"\0cam\0{secret}".encode())
        except imaplib.IMAP4.error:
            assert secret == "wrong"
        client.logout()
        frames = list(tap.frames())
    (seen,) = told(frames, "imap-credentials-seen")
    outcome = "accepted" if secret == "s3cret" else "refused"
    assert (seen["username"], seen["mechanism"], seen["outcome"]) == ("cam", mechanism, outcome)


@pytest.mark.parametrize(("secret", "outcome"), [("s3cret", "accepted"), ("wrong", "refused")])
def test_logins_at_redis(secret: str, outcome: str, tmp_path: Path) -> None:
    port = free_port()
    command = [program("redis-server"), "--port", port, "--requirepass", "s3cret", "--save", ""]
    with running([*command, "--dir", tmp_path], port), tapped(port, 6379) as tap:
        asks = [program("redis-cli"), "-p", str(tap.port), "-a", secret, "PING"]
        subprocess.run(asks, capture_output=True, check=False, timeout=60)
        frames = list(tap.frames())
    (seen,) = told(frames, "capture-cleartext-credentials")
    assert (seen["protocol"], seen["outcome"]) == ("Redis", outcome)


@pytest.mark.parametrize(("secret", "outcome"), [("s3cret", "accepted"), ("wrong", "refused")])
def test_logins_at_a_proxy(secret: str, outcome: str) -> None:
    port = free_port()
    command = [program("microsocks"), "-i", HOME, "-p", port, "-u", "ann", "-P", "s3cret"]
    with running(command, port), tapped(port, 1080) as tap:
        proxy = f"socks5://ann:{secret}@{HOME}:{tap.port}"
        asks = [program("curl"), "-s", "-m", "20", "-x", proxy, f"http://{HOME}:{free_port()}/"]
        subprocess.run(asks, capture_output=True, check=False, timeout=60)
        frames = list(tap.frames())
    (seen,) = told(frames, "capture-cleartext-credentials")
    assert (seen["username"], seen["protocol"], seen["outcome"]) == ("ann", "SOCKS", outcome)
