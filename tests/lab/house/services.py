"""File exports, guests, debuggers, relays and published keys: as services.yaml says."""

from __future__ import annotations

import sys
from pathlib import Path

from certificates import LIBSSH, WOLFSSL, published, self_signed
from cryptography.hazmat.primitives import serialization
from lan import Device, Host

HERE = Path(__file__).resolve().parent.parent

_GANESHA = """\
NFS_CORE_PARAM {{ Protocols = 3; NFS_Port = 2049; MNT_Port = 20048; Enable_NLM = false;
  Enable_RQUOTA = false; Plugins_Dir = {plugins}; }}
NFSv4 {{ RecoveryBackend = fs; RecoveryRoot = {folder}/recovery; Graceless = true; }}
EXPORT {{ Export_Id = 1; Path = {folder}/share; Protocols = 3; Access_Type = {others};
  SecType = sys; FSAL {{ Name = VFS; }} {clients} }}
"""
_PLUGINS = "/usr/lib/x86_64-linux-gnu/ganesha"


def _nfs(host: Host, others: str, clients: str = "") -> None:
    """nfs-ganesha with the port mapper of its own, which keeps its socket and lists in /run."""
    (host.folder / "share").mkdir()
    (host.folder / "recovery").mkdir()
    conf = host.file(
        "ganesha.conf",
        _GANESHA.format(folder=host.folder, plugins=_PLUGINS, others=others, clients=clients),
    )
    script = host.file(
        "start.sh",
        "set -e\nmount --make-rprivate /\nmount -t tmpfs none /run\n"
        "mkdir /run/rpcbind /run/ganesha\nrpcbind -w\n"
        f"exec ganesha.nfsd -F -L {host.folder}/ganesha.log -f {conf} -p {host.folder}/pid\n",
    )
    host.start("unshare", "--mount", "sh", script)
    host.await_port(20048)


def exports_open(host: Host) -> None:
    """Any host may mount its folder."""
    _nfs(host, "RW")


def exports_narrow(host: Host) -> None:
    """Its folder is for its own network only."""
    _nfs(host, "None", "CLIENT { Clients = 10.77.0.0/24; Access_Type = RO; }")


def _samba(host: Host, *lines: str) -> None:
    (host.folder / "samba").mkdir()
    folders = [
        f"{name} directory = {host.folder}/samba" for name in ("lock", "state", "cache", "pid")
    ]
    common = (
        *folders,
        f"private dir = {host.folder}/samba",
        f"ncalrpc dir = {host.folder}/samba",
        "server min protocol = SMB2_10",
        "netbios name = SHELF",
        "smb ports = 445 139",
        "load printers = no",
        "log file = /dev/null",
    )
    conf = host.file("smb.conf", "\n".join(("[global]", *common, *lines)) + "\n")
    host.start("/usr/sbin/smbd", "--foreground", "--no-process-group", "-s", conf)
    host.await_port(445)
    host.await_port(139)


def shares_guest(host: Host) -> None:
    """Samba as a small NAS sets it up: unknown names become guests."""
    _samba(host, "map to guest = Bad User", "guest account = nobody")


def shares_closed(host: Host) -> None:
    """Samba that knows no guests."""
    _samba(host, "map to guest = Never", "restrict anonymous = 2")


def debuggers(host: Host) -> None:
    """A gateway whose Java program and whose VxWorks were shipped with their debuggers."""
    host.start(sys.executable, str(HERE / "debuggers.py"), "debuggers", host.address)
    host.await_port(5005)
    host.await_port(17_185, "udp")


def entrances(host: Host) -> None:
    """A router with the hidden entrances of two makers."""
    host.start(sys.executable, str(HERE / "debuggers.py"), "entrances", host.address)
    host.await_port(32_764)
    host.await_port(53_413, "udp")


def relay_open(host: Host) -> None:
    """microsocks for whoever comes."""
    host.start("microsocks", "-i", host.address)
    host.await_port(1080)


def relay_closed(host: Host) -> None:
    """microsocks for those who have its password."""
    host.start("microsocks", "-i", host.address, "-u", "owner", "-P", "v9kQ2-m1Zt-88ab")
    host.await_port(1080)


_DOVECOT = """\
base_dir = {folder}/run
state_dir = {folder}/state
log_path = /dev/stderr
protocols = imap
listen = *
first_valid_uid = 0
default_internal_user = root
default_internal_group = root
default_login_user = nobody
service imap-login {{
  chroot =
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
passdb {{
  driver = passwd-file
  args = {folder}/users
}}
userdb {{
  driver = static
  args = uid=65534 gid=65534 home=/nonexistent
}}
ssl = yes
ssl_cert = <{cert}
ssl_key = <{key}
"""


def _mailbox(host: Host, *lines: str, secret: int | None = None) -> None:
    """dovecot's IMAP in clear, with TLS on request; it runs as whoever starts it."""
    own = published(secret) if secret else None
    cert, key = self_signed(host.folder, host.address, key=own)
    host.file("users", "owner:{PLAIN}v9kQ2-m1Zt-88ab\n")
    text = _DOVECOT.format(folder=host.folder, cert=cert, key=key)
    conf = host.file("dovecot.conf", text + "\n".join(lines) + "\n")
    host.start("/usr/sbin/dovecot", "-F", "-c", conf)
    host.await_port(143)


def mail_old(host: Host) -> None:
    """TLS 1.0 on request, as it was once set up."""
    _mailbox(
        host,
        "ssl_min_protocol = TLSv1",
        "ssl_cipher_list = ECDHE+AES:AES128-SHA:@SECLEVEL=0",
        "ssl_prefer_server_ciphers = yes",
    )


def mail_sound(host: Host) -> None:
    """TLS 1.2 and 1.3 on request, with keys that are forgotten."""
    _mailbox(host, "ssl_min_protocol = TLSv1.2", "ssl_cipher_list = ECDHE+AESGCM")


def directory(host: Host) -> None:
    """OpenLDAP with TLS on request and a certificate that has ended."""
    cert, key = self_signed(host.folder, host.address, days=-20)
    conf = host.file(
        "slapd.conf",
        f"include /etc/ldap/schema/core.schema\npidfile {host.folder}/pid\n"
        f"TLSCertificateFile {cert}\nTLSCertificateKeyFile {key}\n"
        "TLSProtocolMin 3.3\nTLSCipherSuite SECURE256:-RSA:-VERS-TLS1.1:-VERS-TLS1.0\n"
        "database ldif\nsuffix dc=home\ndirectory .\n",
    )
    host.start("/usr/sbin/slapd", "-h", f"ldap://{host.address}:389", "-f", conf, "-d", "0")
    host.await_port(389)


def published_keys(host: Host) -> None:
    """dovecot and dropbear with keys that stand in the sources of libraries."""
    _mailbox(host, "ssl_min_protocol = TLSv1.2", "ssl_cipher_list = ECDHE+AESGCM", secret=WOLFSSL)
    secret = published(LIBSSH).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.OpenSSH,
        serialization.NoEncryption(),
    )
    theirs, ours = host.folder / "openssh.key", host.folder / "dropbear.key"
    theirs.write_bytes(secret)
    theirs.chmod(0o600)
    host.run("/usr/lib/dropbear/dropbearconvert", "openssh", "dropbear", str(theirs), str(ours))
    host.start("dropbear", "-F", "-E", "-s", "-p", f"{host.address}:22", "-r", str(ours))
    host.await_port(22)


DEVICES: tuple[Device, ...] = (
    ("exports-open", "10.77.0.222", "00:11:32:00:02:22", exports_open),
    ("exports-narrow", "10.77.0.223", "00:11:32:00:02:23", exports_narrow),
    ("shares-guest", "10.77.0.224", "00:11:32:00:02:24", shares_guest),
    ("shares-closed", "10.77.0.225", "00:11:32:00:02:25", shares_closed),
    ("debuggers", "10.77.0.226", "00:30:64:00:02:26", debuggers),
    ("relay-open", "10.77.0.227", "00:30:64:00:02:27", relay_open),
    ("relay-closed", "10.77.0.228", "00:30:64:00:02:28", relay_closed),
    ("mail-old", "10.77.0.229", "00:30:64:00:02:29", mail_old),
    ("mail-sound", "10.77.0.230", "00:30:64:00:02:30", mail_sound),
    ("directory", "10.77.0.231", "00:30:64:00:02:31", directory),
    ("published-keys", "10.77.0.232", "00:30:64:00:02:32", published_keys),
    ("entrances", "10.77.0.233", "00:30:64:00:02:33", entrances),
)
