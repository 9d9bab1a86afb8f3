# mmdebstrap's customize hook: everything is installed and configured. $1 is the tree, UNITSMITH_OUT the folder for
# what the builder wants to know of it.
set -eu
tree=$1
out=$UNITSMITH_OUT

# The initramfs, once: while packages were installed it was put off by INITRD=No (/etc/kernel/postinst.d/initramfs-tools).
if [ -x "$tree/usr/sbin/update-initramfs" ]; then
    chroot "$tree" update-initramfs -c -k all
fi

# What mmdebstrap was told for the build, and the address of the local repository.
rm -f "$tree/etc/apt/apt.conf.d/99mmdebstrap" "$tree/etc/dpkg/dpkg.cfg.d/99mmdebstrap"
cp "$UNITSMITH_SOURCES" "$tree/etc/apt/sources.list"
chown root:root "$tree/etc/apt/sources.list"
chmod 644 "$tree/etc/apt/sources.list"

# The package's own default again, so that an owner who installs another PostgreSQL gets what the manual says.
rm -f "$tree/etc/postgresql-common/createcluster.conf"
if [ -e "$tree/usr/share/postgresql-common/createcluster.conf" ]; then
    cp "$tree/usr/share/postgresql-common/createcluster.conf" "$tree/etc/postgresql-common/createcluster.conf"
fi
rm -f "$tree/etc/postgresql-common/createcluster.conf.ucf-dist"
rmdir "$tree/etc/postgresql-common" 2>/dev/null || true

# Born at install, unique or secret: each unit makes its own.
sh "$(dirname "$0")/../system/rootfs/usr/lib/unit/forget-identities" "$tree"
# As the tree sees them: these links are absolute.
chroot "$tree" find /etc/ssl/certs -xtype l -delete 2>/dev/null || true
rm -rf "$tree"/etc/postgresql/*/main "$tree"/var/lib/postgresql/*/main

# A boot would wait three minutes for a time server where none is reached: a unit needs no internet.
rm -f "$tree/etc/systemd/system/multi-user.target.wants/chrony-wait.service"

# The names that the host had, and what packages saved of them.
rm -f "$tree/etc/hostname" "$tree/etc/.resolv.conf.systemd-resolved.bak" "$tree/etc/resolv.conf"
if [ -e "$tree/usr/lib/systemd/systemd-resolved" ]; then
    ln -s ../run/systemd/resolve/stub-resolv.conf "$tree/etc/resolv.conf"
fi

# Logs, caches and backups of the install itself. Empty log files that packages made for their users stay.
find "$tree/var/log" -type f \( -path '*/apt/*' -o -name '*.log' -o -name 'faillog' -o -name 'lastlog' -o -name '?tmp' \) -user root -delete
find "$tree/var/log" -type f -exec truncate -s 0 {} +
find "$tree/var/cache/apt" "$tree/var/cache/debconf" "$tree/var/cache/ldconfig" "$tree/var/cache/man" -type f \
    ! -name config.dat ! -name passwords.dat ! -name templates.dat -delete 2>/dev/null || true
find "$tree/var/backups" -type f -delete 2>/dev/null || true
rm -rf "$tree/var/tmp/"* "$tree/run/"*
# mmdebstrap's own apt settings are in here: without them its clean-up, which comes yet, would be of the host.
find "$tree/tmp" -mindepth 1 -maxdepth 1 ! -name 'mmdebstrap.apt.conf.*' -exec rm -rf {} +
rm -f "$tree/etc/passwd-" "$tree/etc/shadow-" "$tree/etc/group-" "$tree/etc/gshadow-" "$tree/etc/subuid-" "$tree/etc/subgid-"
rm -f "$tree"/var/lib/dpkg/*-old "$tree/etc/.pwd.lock"

# What the builder reads: packages, kernel, initramfs, and the schemas of this very cloud-init.
chroot "$tree" dpkg-query --show --showformat '${db:Status-Abbrev}\t${Package}\t${Version}\t${Architecture}\t${source:Package}\t${source:Version}\t${Installed-Size}\n' > "$out/packages.tsv"
for kernel in "$tree"/boot/vmlinuz-*; do
    [ -e "$kernel" ] || continue
    version=${kernel##*/vmlinuz-}
    echo "$version" >> "$out/kernels"
    cp "$kernel" "$out/vmlinuz-$version"
    cp "$tree/boot/initrd.img-$version" "$out/initrd.img-$version"
done
mkdir "$out/cloud-init-schemas"
cp "$tree"/usr/lib/python3/dist-packages/cloudinit/config/schemas/*.json "$out/cloud-init-schemas/" 2>/dev/null || true
du --summarize --one-file-system --block-size=1 --exclude "$tree/proc" --exclude "$tree/sys" --exclude "$tree/dev" "$tree" | cut -f 1 > "$out/installed-bytes"

# All files of the tar have one and the same time at the latest, and console-setup makes anew at each boot what is not newer
# than its settings: 20 s of an emulated guest.
for file in "$tree/etc/default/keyboard" "$tree/etc/default/console-setup"; do
    [ ! -e "$file" ] || touch --date='1 hour ago' "$file"
done

# Nothing in /usr is newer than what was set up for it: systemd need not do it all again at first boot
# (systemd-update-done.service(8)).
touch "$tree/etc/.updated" "$tree/var/.updated"
