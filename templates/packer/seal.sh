#!/bin/sh
# Last in the guest: what is unique, secret or of this build alone goes; then nothing can be written any more.
set -eu

# Whatever scripts have started, but for what this very session stands on.
systemctl list-units --type=service --state=running --plain --no-legend | while read -r unit _; do
    case $unit in
        systemd-*|ssh*|user@*|dbus*|getty@*|serial-getty@*) ;;
        *) systemctl stop "$unit" < /dev/null ;;
    esac
done

# Ways in, and what this build made: its keys stand in /run, these are links to them.
rm -f /usr/sbin/policy-rc.d
rm -rf /root/.ssh /var/tmp/unitsmith-*
/usr/lib/unit/forget-identities

# What cloud-init and the network remember of this machine.
rm -rf /var/lib/cloud /run/cloud-init /var/lib/dhcp/* /var/lib/systemd/network/* /var/lib/NetworkManager/*
rm -f /etc/network/interfaces.d/50-cloud-init* /etc/netplan/50-cloud-init* /etc/systemd/network/10-cloud-init*
rm -f /etc/udev/rules.d/70-persistent-net.rules /etc/cloud/ds-identify.cfg /etc/cloud/cloud-init.disabled
rm -rf /var/lib/systemd/timers /var/lib/systemd/timesync /var/lib/systemd/coredump/* /var/lib/systemd/linger

# What people and programs leave at home.
for home in /root /home/*; do
    rm -rf "$home"/.*_history "$home/.lesshst" "$home/.viminfo" "$home/.wget-hsts" "$home/.cache" "$home/.ansible" "$home/.sudo_as_admin_successful"
done

# Logs, caches, lists of packages, backups of the account files.
rm -rf /var/log/journal/* /var/lib/apt/lists/* /var/tmp/*
find /var/log -type f -user root -delete
find /var/log -type f -exec truncate -s 0 {} +
find /var/cache/apt /var/cache/debconf /var/cache/ldconfig /var/cache/man -type f \
    ! -name config.dat ! -name passwords.dat ! -name templates.dat -delete 2>/dev/null || true
find /var/backups -type f -delete 2>/dev/null || true
rm -f /var/lib/dpkg/*-old /etc/passwd- /etc/shadow- /etc/group- /etc/gshadow- /etc/subuid- /etc/subgid- /etc/.pwd.lock
findmnt --mountpoint /tmp > /dev/null || find /tmp -mindepth 1 -delete 2>/dev/null || true

# Everything in /usr is set up: systemd need not do it again at first boot (systemd-update-done.service(8)).
touch /etc/.updated /var/.updated

# The file system of a container is not its own (tests bake in one).
if systemd-detect-virt --quiet --container; then exit 0; fi

sync
fstrim /

# Read-only from here on, so that neither the log-out nor the shutdown leaves a trace. The kernel does it in the
# background; it is done when /proc/mounts says so.
echo u > /proc/sysrq-trigger
tries=0
until grep -q '^[^ ]* / [^ ]* ro[, ]' /proc/mounts; do
    tries=$((tries + 1))
    [ "$tries" -lt 300 ] || { echo 'the root file system did not become read-only' >&2; exit 1; }
    sleep 0.1
done
