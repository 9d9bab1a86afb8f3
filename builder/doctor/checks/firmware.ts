/** UEFI firmware for virtual machines (OVMF): `verify` boots images with it. */
import { UserError } from '../../kit/errors.ts';
import { findOvmf } from '../../vm/ovmf.ts';
import type { HostCheck } from '../check.ts';

export const firmwareCheck: HostCheck = {
  name: 'uefi-firmware',
  purpose: 'boots images in UEFI',
  async look() {
    try {
      await findOvmf();
      return undefined;
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      return { severity: 'error', message: 'the UEFI firmware for virtual machines is not installed', packages: ['ovmf'] };
    }
  },
};
