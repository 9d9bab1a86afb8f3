/** A check looks at one thing that the host must have, and knows the exact command that mends it. */
import type { Context } from '../kit/context.ts';

export interface HostCheck {
  /** Name in `finding` events and on the command line. */
  name: string;
  /** What it is needed for, as a phrase: "boots images". */
  purpose: string;
  /** Undefined where all is well. */
  look(ctx: Context): Promise<Lack | undefined>;
}

export interface Lack {
  /** `error`: a bake fails without it; `warning`: something less; `info`: only good to know. */
  severity: 'error' | 'warning' | 'info';
  message: string;
  /** Debian packages that mend it: `--fix` installs them. */
  packages?: readonly string[];
  /** What to do where no package mends it: one sentence or command each. */
  remedies?: readonly string[];
}

export interface Finding extends Lack {
  check: HostCheck;
}

/** All remedies of a finding, its packages as the command that installs them. */
export function remediesOf(lack: Lack): string[] {
  const packages = lack.packages ?? [];
  return [...(packages.length === 0 ? [] : [`sudo apt-get install ${packages.join(' ')}`]), ...(lack.remedies ?? [])];
}
