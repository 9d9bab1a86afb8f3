import type { Rule } from '../rule.ts';

export const ovfNvram: Rule = {
  name: 'ovf-nvram',
  severity: 'warning',
  scope: 'descriptor',
  demand: 'No .nvram file comes along: an EFI disk boots from its removable path.',
  check: (ovf) =>
    ovf
      .files()
      .filter(({ href }) => href.endsWith('.nvram'))
      .map(({ element, href }) => ({
        message: `${href} carries the firmware's variables of one machine`,
        where: ovf.where(element),
        remedy: 'Install the boot loader as \\EFI\\BOOT\\BOOTX64.EFI and leave the .nvram out.',
      })),
};
