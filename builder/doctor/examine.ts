/** Runs checks and gathers what is lacking. */
import type { Context } from '../kit/context.ts';
import { together } from '../kit/together.ts';
import type { Finding, HostCheck } from './check.ts';

/**
 * Findings in the order of the checks; empty where all is well. All look at once: most wait for a program to tell its
 * version, and a bake with nothing to do takes little longer than this.
 */
export async function examine(ctx: Context, checks: readonly HostCheck[]): Promise<Finding[]> {
  ctx.signal.throwIfAborted();
  const looks = checks.map(async (check): Promise<Finding[]> => {
    const lack = await check.look(ctx);
    return lack === undefined ? [] : [{ ...lack, check }];
  });
  return (await together(...looks)).flat();
}

/** Debian packages that mend all of `findings`, sorted, each once. */
export function missingPackages(findings: readonly Finding[]): string[] {
  return [...new Set(findings.flatMap((finding) => finding.packages ?? []))].sort();
}
