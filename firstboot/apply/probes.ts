/** Probes, by the same script that the gates of the start order use. */
import type { NamedProbe, ProbeResult } from '../contract/probe.ts';
import { WAIT_READY, waitArguments } from '../contract/wait-ready.ts';
import type { System } from '../kit/system.ts';

const ONCE_SECONDS = 20;
const WAIT_SECONDS = 60;

/** Asks every probe, one after the other; with `once` each a single time, else until it passes or its timeout is over. */
export async function probeAll(system: System, probes: readonly NamedProbe[], options: { once: boolean }): Promise<ProbeResult[]> {
  const results: ProbeResult[] = [];
  for (const probe of probes) results.push(await ask(system, probe, options.once));
  return results;
}

async function ask(system: System, { title, probe, timeout }: NamedProbe, once: boolean): Promise<ProbeResult> {
  const began = performance.now();
  const seconds = once ? ONCE_SECONDS : (timeout ?? WAIT_SECONDS);
  const { exitCode, stderr } = await system.run(system.path(WAIT_READY), waitArguments(probe, seconds, { once }), { okExitCodes: [0, 1] });
  return { title, passed: exitCode === 0, message: system.scrubber.scrub(stderr.trim()), seconds: (performance.now() - began) / 1000 };
}
