#!/bin/sh
# GRUB for BIOS, in the BIOS boot partition, and for UEFI at the removable path, which needs no entry in a firmware's
# memory (UEFI specification, 3.5.1.1). grub.cfg is there already.
set -eu
disk=/dev/vda
efi=/dev/vda2

grub-install --target=i386-pc "$disk"
mkdir -p /run/unitsmith-efi
mount "$efi" /run/unitsmith-efi
grub-install --target=x86_64-efi --efi-directory=/run/unitsmith-efi --boot-directory=/boot --removable --no-nvram
fstrim /run/unitsmith-efi || true
umount /run/unitsmith-efi
