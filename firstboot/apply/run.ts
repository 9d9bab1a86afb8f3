/**
 * Runs a plan: each step is checked, applied where something is to do, and checked again. The journal says on disk what
 * was begun and done, so a run that was killed or cut off from power goes on and ends the same.
 */
import { createHmac, randomBytes } from 'node:crypto';
import type { ApplyEvent, UnitState } from '../contract/events.ts';
import { APPLYING } from '../contract/ordering.ts';
import { UNIT_PATHS, type Unit } from '../contract/unit.ts';
import { ExitCode, Interrupted, ProgramError, UnitError } from '../kit/errors.ts';
import { makeFolder, removeFile, writeFileAtomic } from '../kit/files.ts';
import type { System } from '../kit/system.ts';
import type { Settings } from '../settings/index.ts';
import { prolongSetup, takePortsBack } from '../setup/lifecycle.ts';
import type { ChangeContext } from './change.ts';
import type { Journal } from './journal.ts';
import { changeOf, type Plan, type PlanEntry, parametersInClear, secretNames, unitWords } from './plan.ts';
import { SecretStore } from './secret-store.ts';

export interface RunPorts {
  system: System;
  unit: Unit;
  /** With their secrets. */
  settings: Settings;
  secretSettings: readonly string[];
}

const LOG_TAIL = 40;
/** Name that no step's secret can have. */
const FINGERPRINT_KEY = '.fingerprint-key';
const ANNOUNCE = '/usr/lib/unit/announce';

/**
 * Finalises the unit by `plan`.
 * @throws UnitError with exit code 4 where a step fails: journalled, with the end of its log; Interrupted on a signal
 */
export async function run(plan: Plan, ports: RunPorts, journal: Journal, emit: (event: ApplyEvent) => void): Promise<void> {
  const { system } = ports;
  const key = await fingerprintKey(system);
  await prolongSetup(system);
  await writeFileAtomic(system.path(UNIT_PATHS.unfinished), '');
  await makeFolder(system.path('/run/unit'));
  await writeFileAtomic(system.path(APPLYING), '');
  try {
    await journal.append({ type: 'begin', plan: fingerprint(key, [plan, ports.settings]) });
    await say(ports, emit, 'applying');
    emit({ type: 'plan', steps: plan.entries.map(({ id, title }) => ({ id, title })) });
    for (const [index, entry] of plan.entries.entries()) {
      emit({ type: 'step-started', step: entry.id, title: entry.title, index: index + 1, count: plan.entries.length });
      await runEntry(entry, ports, journal, key, emit);
    }
    await journal.append({ type: 'end', outcome: 'finalised' });
    await removeFile(system.path(UNIT_PATHS.unfinished));
  } catch (error) {
    // A run that was told to stop goes on later.
    if (!(error instanceof Interrupted)) await fail(ports, emit);
    throw error;
  } finally {
    // After a failure too: nothing, such as a package's upgrade, may start a service of a unit that is half set up.
    await removeFile(system.path(APPLYING));
  }
  await prolongSetup(system);
  await say(ports, emit, 'ready');
}

/** Whatever ended the run, such as a full disk under the journal: nobody must wait for it, and the owner can correct it. */
async function fail(ports: RunPorts, emit: (event: ApplyEvent) => void): Promise<void> {
  try {
    await say(ports, emit, 'failed');
  } finally {
    await takePortsBack(ports.system, () => undefined);
    await prolongSetup(ports.system);
  }
}

async function runEntry(
  entry: PlanEntry,
  ports: RunPorts,
  journal: Journal,
  key: string,
  emit: (event: ApplyEvent) => void,
): Promise<void> {
  const began = performance.now();
  const seconds = (): number => Math.round(performance.now() - began) / 1000;
  const log: string[] = [];
  await journal.append({ type: 'start', step: entry.id });
  try {
    const done = await settle(entry, ports, journal, key, (line) => {
      const clean = ports.system.scrubber.scrub(line);
      log.push(clean);
      if (log.length > LOG_TAIL) log.shift();
      emit({ type: 'output', step: entry.id, line: clean });
    });
    await journal.append({ type: 'done', step: entry.id, ...done, seconds: seconds() });
    emit({ type: 'step-finished', step: entry.id, changed: done.changed, seconds: seconds() });
  } catch (error) {
    if (error instanceof Interrupted) throw error;
    const reason = ports.system.scrubber.scrub(error instanceof Error ? error.message : String(error));
    const cause = causeLog(error).map((line) => ports.system.scrubber.scrub(line));
    const tail = [...log, ...cause.filter((line) => !log.includes(line))].slice(-LOG_TAIL);
    await journal.append({ type: 'failed', step: entry.id, reason, log: tail });
    await journal.append({ type: 'end', outcome: 'failed' });
    const texts = error instanceof UnitError && error.texts !== undefined ? { texts: ports.system.scrubber.scrubEach(error.texts) } : {};
    emit({ type: 'step-failed', step: entry.id, reason, ...texts, log: tail, seconds: seconds() });
    throw stepFailure(entry, reason, tail, error);
  }
}

/** Checks, applies where there is something to do, and checks that it is so. */
async function settle(
  entry: PlanEntry,
  ports: RunPorts,
  journal: Journal,
  key: string,
  log: (line: string) => void,
): Promise<{ changed: boolean; aside?: true; fingerprint: string }> {
  const change = changeOf(entry.use);
  const context = await changeContext(ports, journal, log);
  const parameters = parametersInClear(entry, ports.unit, ports.settings, context.context);
  const own = fingerprint(key, parameters);
  const known = { ...context, appliedBefore: journal.lastFingerprint(entry.id) === own };
  const before = await change.check(parameters, known);
  if (before.done) return { changed: false, fingerprint: own };
  log(before.why);
  await change.apply(parameters, known);
  const after = await change.check(parameters, { ...context, appliedBefore: true });
  if (!after.done) throw new UnitError(`it was applied, and yet: ${after.why}`, { exitCode: ExitCode.step });
  return { changed: change.observes !== true, ...(change.aside === true ? { aside: true } : {}), fingerprint: own };
}

async function changeContext(ports: RunPorts, journal: Journal, log: (line: string) => void): Promise<ChangeContext> {
  const { system, unit, settings, secretSettings } = ports;
  const secrets = new SecretStore(system);
  const values = await secrets.readAll(secretNames(unit));
  return {
    system,
    unit,
    context: { settings, unit: unitWords(unit), secrets: values },
    secretSettings,
    secrets,
    log,
    appliedBefore: false,
    progress: journal.progress(),
  };
}

/** Keyed, because parameters hold passwords that people chose: a bare hash of one could be guessed at. */
function fingerprint(key: string, data: unknown): string {
  return createHmac('sha256', key).update(JSON.stringify(data)).digest('hex');
}

async function fingerprintKey(system: System): Promise<string> {
  const store = new SecretStore(system);
  const kept = await store.read(FINGERPRINT_KEY);
  if (kept !== undefined) return kept;
  const key = randomBytes(32).toString('hex');
  await store.write(FINGERPRINT_KEY, key);
  return key;
}

async function say({ system }: RunPorts, emit: (event: ApplyEvent) => void, state: UnitState): Promise<void> {
  emit({ type: 'state', state });
  await announce(system, state);
}

/** Tells the console and the hypervisor, best effort. */
export async function announce(system: System, state: UnitState): Promise<void> {
  await system.run(system.path(ANNOUNCE), [state], { timeout: 30 }).catch((error: unknown) => {
    if (!(error instanceof ProgramError)) throw error;
  });
}

function causeLog(error: unknown): readonly string[] {
  if (error instanceof ProgramError) return error.failure.tail;
  return error instanceof UnitError ? error.log : [];
}

function stepFailure(entry: PlanEntry, reason: string, log: readonly string[], cause: unknown): UnitError {
  const remedies = cause instanceof UnitError ? cause.remedies : [];
  return new UnitError(`step ${entry.id} (${entry.title.en}) failed: ${reason}`, {
    exitCode: ExitCode.step,
    log,
    remedies: [...remedies, 'Mend the cause, then go on with `unitctl apply --resume`.'],
    cause,
  });
}
