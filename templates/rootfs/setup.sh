# mmdebstrap's setup hook: before anything is unpacked. $1 is the tree.
set -eu
tree=$1

# mmdebstrap copies these from the host; nothing of the host may get in.
rm -f "$tree/etc/resolv.conf" "$tree/etc/hostname"

# Our files, owned by root whoever owns the checkout. Archives of UNITSMITH_BEFORE are separated by newlines.
printf '%s\n' "$UNITSMITH_BEFORE" | while IFS= read -r archive; do
    tar --extract --file "$archive" --directory "$tree" --no-same-owner --same-permissions
done

# Databases are born on the unit: postgresql-common(7), createcluster.conf.
mkdir -p "$tree/etc/postgresql-common"
echo 'create_main_cluster = false' > "$tree/etc/postgresql-common/createcluster.conf"

# Before systemd's and D-Bus's packages make up an identity.
echo uninitialized > "$tree/etc/machine-id"
