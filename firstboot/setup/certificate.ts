import { X509Certificate } from 'node:crypto';

import { SETUP_PATHS } from '../contract/setup.ts';
import { readIfExists } from '../kit/files.ts';
import type { System } from '../kit/system.ts';

/** SHA-256 of the setup certificate (DER), upper-case hex in pairs with colons; empty where there is none yet. */
export async function fingerprint(system: System): Promise<string> {
  const text = await readIfExists(system.path(SETUP_PATHS.certificate));
  return text === undefined ? '' : new X509Certificate(text).fingerprint256;
}
