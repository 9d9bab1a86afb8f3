#!/bin/sh
# First in the guest: the payload onto the disk, before the image's own scripts run.
set -eu

# Packages that scripts install start nothing (invoke-rc.d(8)); seal.sh takes it away again.
printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d

# Owners by name, folders and links that exist stay as they are (/lib is a link).
unpack() {
    tar --extract --file /var/tmp/unitsmith-payload.tar --directory / --same-owner --same-permissions \
        --no-overwrite-dir --keep-directory-symlink "$@"
}

# Users that the payload declares have to be there before files can be theirs.
if tar --list --file /var/tmp/unitsmith-payload.tar | grep -q '^usr/lib/sysusers\.d/.'; then
    unpack --wildcards 'usr/lib/sysusers.d/*'
    systemd-sysusers
fi
unpack
rm -f /var/tmp/unitsmith-payload.tar
ldconfig
