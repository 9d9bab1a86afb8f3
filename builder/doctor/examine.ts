/** Runs checks and gathers what is lacking. */
import type { Context } from '../kit/context.ts';
import type { Finding, HostCheck } from './check.ts';

/** Findings in the order of the checks; empty where all is well. */
export async function examine(ctx: Context, checks: readonly HostCheck[]): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const check of checks) {
    ctx.signal.throwIfAborted();
    const lack = await check.look(ctx);
    if (lack !== undefined) findings.push({ ...lack, check });
  }
  return findings;
}

/** Debian packages that mend all of `findings`, sorted, each once. */
export function missingPackages(findings: readonly Finding[]): string[] {
  return [...new Set(findings.flatMap((finding) => finding.packages ?? []))].sort();
}
