"""SSH, FTP, TFTP, VNC, ADB, rlogin and their like: insecure or sound as remote.yaml says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from accounts import with_accounts
from certificates import self_signed
from lan import Device, Host

HERE = Path(__file__).resolve().parent.parent
SSHD, VSFTPD, TFTPD = "/usr/sbin/sshd", "/usr/sbin/vsftpd", "/usr/sbin/in.tftpd"
XVNC = "Xtigervnc"
UNKNOWN = "v9kQ2-m1Zt-88ab"


def _ssh_key(host: Host, kind: str, *size: str) -> str:
    path = host.folder / f"key_{kind}"
    subprocess.run(["ssh-keygen", "-q", "-t", kind, *size, "-N", "", "-f", str(path)], check=True)
    return str(path)


def _sshd(host: Host, command: str) -> None:
    """OpenSSH wants a folder to lock its unprivileged half into; each has one of its own."""
    script = host.file(
        "sshd.sh",
        f"mkdir -p {host.folder}/empty /run/sshd && chmod 755 {host.folder}/empty\n"
        f"mount --bind {host.folder}/empty /run/sshd\nexec {command}\n",
    )
    host.start(*with_accounts(host, {"root": "admin", "admin": UNKNOWN}, f"sh {script}"))
    host.await_port(22)


def ssh_weak(host: Host) -> None:
    """OpenSSH that takes a well-known password for root, with CBC and SHA-1, as it once did."""
    key = _ssh_key(host, "rsa", "-b", "1024")
    conf = host.file(
        "sshd_config",
        f"HostKey {key}\nPidFile none\nUsePAM no\nPermitRootLogin yes\nPasswordAuthentication yes\n"
        "RequiredRSASize 1024\nKexAlgorithms +diffie-hellman-group14-sha1\n"
        "Ciphers +aes128-cbc\nMACs +hmac-md5\n",
    )
    _sshd(host, f"{SSHD} -D -e -f {conf}")


def ssh_hardened(host: Host) -> None:
    """OpenSSH with keys only and nothing that is outdated."""
    conf = host.file(
        "sshd_config",
        f"HostKey {_ssh_key(host, 'ed25519')}\nPidFile none\nUsePAM no\n"
        "PasswordAuthentication no\nKbdInteractiveAuthentication no\n"
        "KexAlgorithms curve25519-sha256\nCiphers aes256-gcm@openssh.com\n"
        "MACs hmac-sha2-512-etm@openssh.com\nHostKeyAlgorithms ssh-ed25519\n",
    )
    _sshd(host, f"{SSHD} -D -e -f {conf}")


def _dropbear(host: Host, key: Path) -> None:
    if not key.exists():
        subprocess.run(
            ["dropbearkey", "-t", "ed25519", "-f", str(key)], check=True, capture_output=True
        )
    host.start("dropbear", "-F", "-E", "-s", "-p", f"{host.address}:22", "-r", str(key))
    host.await_port(22)


def ssh_twin(host: Host) -> None:
    """dropbear without passwords; two units came out of the factory with one host key."""
    _dropbear(host, host.folder.parent / "twins.key")


def _vsftpd(host: Host, *lines: str) -> None:
    root = host.folder / "files"
    root.mkdir()
    (host.folder / "jail").mkdir()
    (root / "router-backup.cfg").write_text("nothing\n", encoding="utf-8")
    (root / "incoming").mkdir()
    (root / "incoming").chmod(0o777)
    common = (
        "listen=YES",
        "background=NO",
        "seccomp_sandbox=NO",
        f"anon_root={root}",
        f"secure_chroot_dir={host.folder}/jail",
        "pam_service_name=login",
    )
    conf = host.file("vsftpd.conf", "\n".join((*common, *lines)) + "\n")
    command = f"{VSFTPD} {conf}"
    host.start(*with_accounts(host, {"admin": "admin"}, command, str(root)))
    host.await_port(21)


def ftp_open(host: Host) -> None:
    """vsftpd: strangers may read, and could write to one folder; admin/admin works as well."""
    _vsftpd(host, "anonymous_enable=YES", "local_enable=YES", "check_shell=NO")


def ftp_sound(host: Host) -> None:
    """vsftpd that takes logins inside TLS only, and none that anybody knows."""
    cert, key = self_signed(host.folder, host.address)
    _vsftpd(
        host,
        "anonymous_enable=NO",
        "local_enable=YES",
        "userlist_enable=YES",
        "userlist_deny=NO",
        f"userlist_file={host.file('users', 'nobody-here')}",
        "ssl_enable=YES",
        "force_local_logins_ssl=YES",
        "force_local_data_ssl=YES",
        "ssl_tlsv1=NO",
        "ssl_ciphers=HIGH",
        f"rsa_cert_file={cert}",
        f"rsa_private_key_file={key}",
    )


def tftp_open(host: Host) -> None:
    """tftpd-hpa, read-only."""
    root = host.folder / "boot"
    root.mkdir()
    host.start(TFTPD, "-L", "-4", "-a", f"{host.address}:69", "-s", str(root))
    host.await_port(69, "udp")


def _screen(host: Host, *options: str) -> None:
    """An X server that is a VNC server as well, with nothing on its screen. Its lock and its local
    sockets would be the machine's. It listens before it has compiled its keyboard map, into a file
    named after the display, and two that do so at once can end both: so it has to greet first.
    """
    local = ("-nolock", "-nolisten", "unix")
    host.start(XVNC, ":0", *local, "-rfbport", "5900", "-geometry", "320x200", *options)
    host.await_port(5900)
    greeting = host.run("bash", "-c", f"head -c 12 < /dev/tcp/{host.address}/5900").stdout
    if not greeting.startswith("RFB "):
        raise RuntimeError(f"{host.name}: {XVNC} ended\n{host.logs()}")


def screen_open(host: Host) -> None:
    """A kiosk: no password for VNC, and X11 open to everybody."""
    _screen(host, "-SecurityTypes", "None", "-ac", "-listen", "tcp")
    host.await_port(6000)


def _vnc_password(host: Host, password: str) -> str:
    made = subprocess.run(
        ["tigervncpasswd", "-f"], input=password.encode(), capture_output=True, check=True
    )
    path = host.folder / "vnc.password"
    path.write_bytes(made.stdout)
    return str(path)


def screen_default(host: Host) -> None:
    """VNC Authentication with a password of the lists, and X11 that asks for a key."""
    password = _vnc_password(host, "password")
    _screen(host, "-SecurityTypes", "VncAuth", "-rfbauth", password, "-listen", "tcp")
    host.await_port(6000)


def screen_sound(host: Host) -> None:
    """VNC inside TLS, with a password nobody knows; no X11 on the network."""
    cert, key = self_signed(host.folder, host.address)
    _screen(
        host,
        "-SecurityTypes",
        "X509Vnc",
        "-rfbauth",
        _vnc_password(host, UNKNOWN[:8]),
        "-X509Cert",
        str(cert),
        "-X509Key",
        str(key),
    )


def _bridge(host: Host, kind: str) -> None:
    host.start(sys.executable, str(HERE / "bridges.py"), kind)
    host.await_port(5555)


def adb_open(host: Host) -> None:
    """A television box whose debug bridge serves anybody."""
    _bridge(host, "open")


def adb_locked(host: Host) -> None:
    """A debug bridge that asks for a key its owner has agreed to."""
    _bridge(host, "locked")


def remote_shells(host: Host) -> None:
    """rlogind and rshd, as inetd starts them."""
    for port, daemon in ((513, "/usr/sbin/in.rlogind"), (514, "/usr/sbin/in.rshd")):
        host.start(sys.executable, str(HERE / "inetd.py"), str(port), daemon)
        host.await_port(port)


def _samba(host: Host, lowest: str) -> None:
    folders = "\n".join(
        f"{name} directory = {host.folder}/samba" for name in ("lock", "state", "cache", "pid")
    )
    (host.folder / "samba").mkdir()
    conf = host.file(
        "smb.conf",
        f"[global]\n{folders}\nprivate dir = {host.folder}/samba\n"
        f"ncalrpc dir = {host.folder}/samba\nserver min protocol = {lowest}\n"
        "smb ports = 445\ndisable netbios = yes\nload printers = no\n"
        "server signing = mandatory\nlog file = /dev/null\n",
    )
    host.start("/usr/sbin/smbd", "--foreground", "--no-process-group", "-s", conf)
    host.await_port(445)


def files_old(host: Host) -> None:
    """Samba that still takes version 1."""
    _samba(host, "NT1")


def files_sound(host: Host) -> None:
    """Samba from version 2.1 on, as it is today."""
    _samba(host, "SMB2_10")


DEVICES: tuple[Device, ...] = (
    ("ssh-weak", "10.77.0.120", "00:0c:42:00:01:20", ssh_weak),
    ("ssh-hardened", "10.77.0.121", "00:0c:42:00:01:21", ssh_hardened),
    ("ssh-twin-1", "10.77.0.122", "00:0c:42:00:01:22", ssh_twin),
    ("ssh-twin-2", "10.77.0.123", "00:0c:42:00:01:23", ssh_twin),
    ("ftp-open", "10.77.0.124", "00:0c:42:00:01:24", ftp_open),
    ("ftp-sound", "10.77.0.125", "00:0c:42:00:01:25", ftp_sound),
    ("tftp-open", "10.77.0.126", "00:0c:42:00:01:26", tftp_open),
    ("screen-open", "10.77.0.127", "00:0c:42:00:01:27", screen_open),
    ("screen-default", "10.77.0.128", "00:0c:42:00:01:28", screen_default),
    ("screen-sound", "10.77.0.129", "00:0c:42:00:01:29", screen_sound),
    ("adb-open", "10.77.0.130", "00:0c:42:00:01:30", adb_open),
    ("adb-locked", "10.77.0.131", "00:0c:42:00:01:31", adb_locked),
    ("remote-shells", "10.77.0.132", "00:0c:42:00:01:32", remote_shells),
    ("files-old", "10.77.0.133", "00:0c:42:00:01:33", files_old),
    ("files-sound", "10.77.0.134", "00:0c:42:00:01:34", files_sound),
)
