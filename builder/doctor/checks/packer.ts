/** Packer is no package of every Debian: from 1.10 on it is not free software, and 13 has none. */
import { readFile } from 'node:fs/promises';

import { UserError } from '../../kit/errors.ts';
import { packerVersion } from '../../tools/packer/version.ts';
import type { HostCheck } from '../check.ts';

const PACKAGED = new Set(['bullseye', 'bookworm', 'jammy', 'noble']);

const BRING = [
  'download Packer from https://developer.hashicorp.com/packer/install, unzip it, and: sudo install packer /usr/local/bin/',
  'then once, for its QEMU builder: packer plugins install github.com/hashicorp/qemu',
];

/** Exported for its test. */
export function packerRemedies(codename: string | undefined): { packages?: readonly string[]; remedies?: readonly string[] } {
  return codename !== undefined && PACKAGED.has(codename) ? { packages: ['packer'] } : { remedies: BRING };
}

export const packerCheck: HostCheck = {
  name: 'packer',
  purpose: 'bakes images',
  async look(ctx) {
    try {
      await packerVersion(ctx);
      return undefined;
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      const because = error.why === undefined ? '' : `: ${error.why}`;
      return { severity: 'error', message: `${error.message}${because}`, ...packerRemedies(await codename()) };
    }
  },
};

/** VERSION_CODENAME of os-release(5). */
async function codename(): Promise<string | undefined> {
  const text = await readFile('/etc/os-release', 'utf8').catch(() => '');
  return /^VERSION_CODENAME="?([a-z]+)"?$/m.exec(text)?.[1];
}
