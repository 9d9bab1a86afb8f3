/** Verification: boots artefacts in scenarios, one machine at a time, and reports everything that was found. */
import { stat } from 'node:fs/promises';

import type { Cleanup } from '../kit/cleanup.ts';
import type { Context } from '../kit/context.ts';
import { sha256File } from '../kit/hash.ts';
import type { Acceleration } from '../vm/spec.ts';
import { openArtefact } from './artefact.ts';
import type { Finding } from './check.ts';
import { compareClones } from './clones.ts';
import type { ScenarioReport, VerifyReport } from './report.ts';
import { runScenario } from './run-scenario.ts';
import { type Scenario, scenarioName } from './scenario.ts';

export interface VerifyRequest {
  files: readonly string[];
  scenarios: readonly Scenario[];
  acceleration: Acceleration;
  /** 2 by default. */
  cpus?: number | undefined;
  /** 2048 by default. */
  memoryMiB?: number | undefined;
  /** Where a scenario asks all ports, the unit is then set up with this answers file and asked again. */
  answers?: string | undefined;
}

/**
 * Boots the files in the scenarios: each scenario once, dealt out over the files in turn, and each file at least once.
 * @throws for what the host lacks and on abort; everything about the artefacts is in the report, and told as events.
 */
export async function verify(ctx: Context, request: VerifyRequest, cleanup: Cleanup): Promise<VerifyReport> {
  const started = new Date();
  const { acceleration, answers } = request;
  const files: VerifyReport['files'] = [];
  const artefacts = new Map<string, Awaited<ReturnType<typeof openArtefact>>>();
  for (const path of request.files) {
    ctx.events.progress(`reading ${path}`);
    const artefact = await openArtefact(ctx, path, cleanup);
    artefacts.set(path, artefact);
    const { kind, virtualSize } = artefact;
    files.push({ path, kind, virtualSize, bytes: (await stat(path)).size, sha256: kind === 'raw' ? null : await sha256File(path) });
  }
  const scenarios: ScenarioReport[] = [];
  const deals = deal(request.files, request.scenarios);
  for (const [index, { file, scenario }] of deals.entries()) {
    const artefact = artefacts.get(file);
    if (artefact === undefined) throw new Error(`${file} was not opened`);
    ctx.events.progress(`booting ${scenarioName(scenario)}`, index / deals.length);
    const size = { cpus: request.cpus ?? 2, memoryMiB: request.memoryMiB ?? 2048 };
    const report = await runScenario(ctx, { scenario, artefact, file, acceleration, ...(scenario.scan ? { answers } : {}), ...size });
    tell(ctx, report.findings, report);
    scenarios.push(report);
  }
  const clones = compareClones(scenarios.map(({ name, file, facts }) => ({ name: `${name} of ${file}`, marks: marksOf(facts) })));
  tell(ctx, clones);
  return {
    schemaVersion: 1,
    passed: scenarios.every((scenario) => scenario.passed) && clones.length === 0,
    files,
    acceleration: { kind: acceleration.kind, cpuModel: acceleration.cpuModel },
    started: started.toISOString(),
    seconds: Math.round((Date.now() - started.getTime()) / 1000),
    scenarios,
    clones,
  };
}

/** Exported for its test. */
export function deal<File>(files: readonly File[], scenarios: readonly Scenario[]): { file: File; scenario: Scenario }[] {
  if (files.length === 0 || scenarios.length === 0) return [];
  return Array.from({ length: Math.max(files.length, scenarios.length) }, (_, index) => ({
    file: files[index % files.length] as File,
    scenario: scenarios[index % scenarios.length] as Scenario,
  }));
}

function marksOf(facts: ScenarioReport['facts']): Record<string, string> {
  return (facts['identity']?.['marks'] ?? {}) as Record<string, string>;
}

function tell(ctx: Context, findings: readonly Finding[], report?: ScenarioReport): void {
  for (const { rule, severity, message, suggestion, excerpt } of findings) {
    const text = report === undefined ? message : `${report.name}: ${message}`;
    const where = report === undefined ? {} : { where: { file: report.file } };
    ctx.events.emit({
      type: 'finding',
      rule,
      severity,
      problem: { message: text, ...where, ...(suggestion === undefined ? {} : { suggestion }) },
    });
    for (const line of excerpt ?? []) ctx.events.emit({ type: 'output', source: `verify ${rule}`, line });
  }
}
