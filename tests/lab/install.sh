#!/bin/sh
# Installs the daemons that the lab tests talk to, as root on Debian or Ubuntu; elsewhere it says
# what is missing and the tests that need it are left out, with the reason, in their last lines.
set -eu

packages="arp-scan avahi-daemon busybox-static chromium inetutils-telnetd iproute2 knxd libcoap3-bin miniupnpd minidlna \
mosquitto mosquitto-clients nftables nmap tcpdump tshark \
gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-base gstreamer1.0-plugins-good python3-gi \
lighttpd nginx-light tinyproxy-bin \
dropbear-bin openssh-server rsh-redone-server rsyslog samba tftpd-hpa tigervnc-standalone-server \
tigervnc-tools vsftpd \
cups-ipp-utils dbus dnsmasq-base inetutils-inetd influxdb memcached nats-server ntpsec postgresql redis-server \
snmp snmpd \
dovecot-imapd gdbserver hydra microsocks nfs-ganesha nfs-ganesha-vfs rpcbind slapd ssh-audit sslscan"

missing=""
for package in $packages; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
        missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "not installed:$missing (needs root on Debian or Ubuntu); the tests that need them are left out"
    exit 0
fi

# No daemon may start on the machine itself: the lab starts its own, inside network namespaces.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    trap 'rm -f "$policy"' EXIT
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086
apt-get install -y -qq --no-install-recommends $missing >/dev/null
