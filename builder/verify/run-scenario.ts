/** Boots one scenario on an overlay of its own, runs the checks that apply, and throws the machine away. */
import { randomUUID } from 'node:crypto';

import { UNIT_PATHS, Unit } from '../../firstboot/contract/unit.ts';
import { type Cleanup, withCleanup } from '../kit/cleanup.ts';
import type { Context } from '../kit/context.ts';
import { ExitCode, ToolError, UserError } from '../kit/errors.ts';
import { compileSchema } from '../kit/schema.ts';
import { bootToSsh } from '../vm/boot.ts';
import type { Machine } from '../vm/machine.ts';
import { overlay } from '../vm/overlay.ts';
import type { Acceleration, MachineSpec } from '../vm/spec.ts';
import type { Artefact } from './artefact.ts';
import type { Check, Finding, Subject } from './check.ts';
import { checks } from './checks/index.ts';
import type { ScenarioReport } from './report.ts';
import { type Scenario, scenarioName } from './scenario.ts';
import { makeSeed } from './seed.ts';
import { finaliseUnit } from './unitctl.ts';

export interface ScenarioRun {
  scenario: Scenario;
  artefact: Artefact;
  file: string;
  acceleration: Acceleration;
  cpus: number;
  memoryMiB: number;
  /** Answers file to set the unit up with when it was looked at as it ships. */
  answers?: string | undefined;
}

/** What is added to the disk, so that the root has something to grow into. */
const GROWTH = 2 * 2 ** 30;
/** Seconds, as on hardware virtualisation. */
const BOOT_SECONDS = 90;
const SETTLE_SECONDS = 120;
const CONSOLE_LINES = 40;

/** Never throws for what the artefact does wrong: that is in the report. Throws for what the host lacks, and on abort. */
export async function runScenario(ctx: Context, run: ScenarioRun): Promise<ScenarioReport> {
  const started = Date.now();
  const report: ScenarioReport = {
    ...run.scenario,
    name: scenarioName(run.scenario),
    file: run.file,
    passed: false,
    secondsToSsh: null,
    seconds: 0,
    findings: [],
    facts: {},
    console: [],
  };
  await withCleanup(async (cleanup) => {
    let machine: Machine | undefined;
    try {
      const subject = await bootSubject(ctx, run, cleanup, (made) => {
        machine = made;
      });
      report.secondsToSsh = subject.machine.secondsToSsh ?? null;
      for (const check of checks) if (check.applies(subject)) await runCheck(check, subject, report);
      if (run.answers !== undefined) await checkFinished(subject, run.answers, report);
    } catch (error) {
      report.findings.push(bootFinding(ctx, error));
    }
    report.passed = !report.findings.some(({ severity }) => severity === 'error');
    if (!report.passed) report.console = (await machine?.serialTail(CONSOLE_LINES)) ?? [];
  });
  report.seconds = Math.round((Date.now() - started) / 1000);
  return report;
}

async function bootSubject(ctx: Context, run: ScenarioRun, cleanup: Cleanup, made: (machine: Machine) => void): Promise<Subject> {
  const { scenario, artefact, acceleration } = run;
  const diskBytes = artefact.virtualSize + (scenario.grow ? GROWTH : 0);
  const { cdroms, seeded } = await makeSeed(ctx, scenario, cleanup);
  const { firmware, controller, nic, scan } = scenario;
  const spec = async (): Promise<MachineSpec> => ({
    name: scenarioName(scenario).replaceAll('+', '-'),
    firmware,
    controller,
    nic,
    scan,
    disk: await overlay(ctx, artefact.disk, cleanup, diskBytes),
    cdroms,
    uuid: randomUUID(),
    cpus: run.cpus,
    memoryMiB: run.memoryMiB,
  });
  const machine = await bootToSsh(ctx, { spec, seconds: BOOT_SECONDS, made }, acceleration, cleanup);
  ctx.events.progress(`${scenarioName(scenario)}: SSH after ${machine.secondsToSsh} s, waiting for the end of the boot`);
  const { stdout: state } = await machine.ssh(['systemctl', 'is-system-running', '--wait'], {
    timeout: machine.deadline(SETTLE_SECONDS).seconds,
  });
  return { ctx, machine, scenario, diskBytes, seeded, state: state.trim(), unit: await readUnit(machine), finalised: false };
}

/** Sets the unit up, and asks again what is another matter then: ports, units, and the product itself. */
async function checkFinished(subject: Subject, answers: string, report: ScenarioReport): Promise<void> {
  const { ctx, machine } = subject;
  ctx.events.progress(`${report.name}: setting the unit up`);
  await finaliseUnit(ctx, machine, { answers, remedies: [] });
  const { stdout: state } = await machine.ssh(['systemctl', 'is-system-running', '--wait'], {
    timeout: machine.deadline(SETTLE_SECONDS).seconds,
  });
  const finished = { ...subject, state: state.trim(), finalised: true };
  for (const check of checks) if (check.again === true && check.applies(finished)) await runCheck(check, finished, report);
}

async function runCheck(check: Check, subject: Subject, report: ScenarioReport): Promise<void> {
  const { ctx } = subject;
  ctx.events.progress(`${report.name}: ${check.title}`);
  try {
    const { findings, facts } = await check.run(subject);
    report.findings.push(...findings.map((finding) => ({ rule: check.id, ...finding })));
    report.facts[subject.finalised ? `${check.id}-finished` : check.id] = facts ?? {};
  } catch (error) {
    ctx.signal.throwIfAborted();
    // The check could not be made: that is no pass.
    report.findings.push({
      rule: check.id,
      severity: 'error',
      message: `could not be checked: ${error instanceof Error ? error.message : String(error)}`,
    });
  }
}

/** The unit's own definition; undefined where the artefact is none of ours. @throws UserError where it does not fit its schema. */
async function readUnit(machine: Machine): Promise<Unit | undefined> {
  const { exitCode, stdout } = await machine.ssh(['cat', UNIT_PATHS.definition]);
  if (exitCode !== 0) return undefined;
  const data = parseUnit(stdout);
  const violations = compileSchema(Unit, { strict: false })(data);
  const first = violations[0];
  if (first === undefined) return data as Unit;
  throw new UserError(`${UNIT_PATHS.definition} does not fit its schema`, {
    exitCode: ExitCode.tool,
    why: `${first.path || '/'} ${first.message}`,
  });
}

function parseUnit(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UserError(`${UNIT_PATHS.definition} is no JSON`, { exitCode: ExitCode.tool, why: String(error), cause: error });
  }
}

/** A boot that failed is what verify is for; a host that lacks something is not. Exported for its test. */
export function bootFinding(ctx: Context, error: unknown): Finding {
  ctx.signal.throwIfAborted();
  if (error instanceof UserError && error.exitCode !== ExitCode.host) {
    const message = error.why === undefined ? error.message : `${error.message}: ${error.why}`;
    return { rule: 'boot', severity: 'error', message, ...(error.excerpt === undefined ? {} : { excerpt: [...error.excerpt.lines] }) };
  }
  if (error instanceof ToolError && !error.failure.missing)
    return { rule: 'boot', severity: 'error', message: error.message, excerpt: [...error.failure.tail] };
  throw error;
}
