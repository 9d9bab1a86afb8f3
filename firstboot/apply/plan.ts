/**
 * The plan: what finalising will do, in order, without doing anything. A pure function of the unit's definition, the
 * settings and a few facts about the machine, so that it can be shown first and tested as a table.
 */
import type { Step } from '../contract/step.ts';
import type { Texts } from '../contract/texts.ts';
import type { Unit } from '../contract/unit.ts';
import { ExitCode, UnitError } from '../kit/errors.ts';
import { BEGIN, type BeginKind } from '../sections/changes.ts';
import type { Settings } from '../settings/index.ts';
import { RULE_TEXTS } from '../settings/rule-texts.ts';
import type { Change } from './change.ts';
import { CHANGES } from './changes/index.ts';
import { FINISH, type FinishKind } from './finish/index.ts';
import { planParameters, runParameters, symbolicContext } from './resolve.ts';
import type { RenderContext } from './template/render.ts';

export interface Facts {
  /** Dotted paths of the settings that are secrets. */
  secretSettings: readonly string[];
  /** Newest installed PostgreSQL; undefined where there is none. */
  postgresql: string | undefined;
}

export interface PlanEntry {
  id: string;
  title: Texts;
  use: Step['use'] | BeginKind | FinishKind;
  /** Templates rendered, each secret as a word in angle brackets. */
  parameters: Readonly<Record<string, unknown>>;
  /** What will happen. */
  words: Texts;
}

export interface Plan {
  image: string;
  version: string;
  entries: PlanEntry[];
}

/** @throws UnitError where a step reads what is not there, or would put a secret where others can read it */
export function plan(unit: Unit, settings: Settings, facts: Facts): Plan {
  const context = symbolicContext({ settings, unit: unitWords(unit) }, secretNames(unit), facts.secretSettings);
  checkFacts(unit, facts);
  const steps = unit.steps.map((step): PlanEntry => {
    const parameters = planParameters(step, context);
    return { id: step.id, title: step.title, use: step.use, parameters, words: changeOf(step.use).words(parameters) };
  });
  // What a leader cannot render for others is said before anything is done. Their own they render themselves.
  for (const step of Object.values(unit.ownRole?.followers ?? {}).flat())
    planParameters({ ...step, with: { ...step.with, own: {} } }, context);
  const begin = beginEntries(context.settings as Settings, unit);
  checkLogin(unit, begin, steps);
  return { image: unit.name, version: unit.version, entries: [...begin, ...steps, ...finishEntries(settings, unit)] };
}

/** What templates read as `unit`. */
export function unitWords(unit: Unit): object {
  return { name: unit.name, version: unit.version, title: unit.title };
}

/** Names of the secrets that the unit's steps make. */
export function secretNames(unit: Unit): string[] {
  return unit.steps.flatMap((step) => (step.use === 'secret' ? [step.with.name] : []));
}

/** The change of a kind. Parameters were checked against the kind's schema when the image was made. */
export function changeOf(use: PlanEntry['use']): Change<Record<string, unknown>> {
  return ({ ...BEGIN, ...CHANGES, ...FINISH } as unknown as Record<string, Change<Record<string, unknown>>>)[use] ?? unknownKind(use);
}

function unknownKind(use: string): never {
  throw new UnitError(`this release knows no step of the kind ${use}`, { exitCode: ExitCode.unit });
}

/** Begins every plan, with what the settings ask for: no step of an image can have such an id. */
function beginEntries(settings: Settings, unit: Unit): PlanEntry[] {
  return (Object.keys(BEGIN) as BeginKind[]).flatMap((use) => {
    const { title, words } = BEGIN[use];
    const parameters = BEGIN[use].parameters(settings, unit);
    return parameters === undefined ? [] : [{ id: `begin:${use}`, title, use, parameters, words: words(parameters) }];
  });
}

/** An entry's parameters for running, with secrets in clear where it may have them. */
export function parametersInClear(entry: PlanEntry, unit: Unit, settings: Settings, context: RenderContext): PlanEntry['parameters'] {
  const step = unit.steps.find(({ id }) => id === entry.id);
  if (step !== undefined) return runParameters(step, entry.parameters, context);
  return BEGIN[entry.use as BeginKind]?.parameters(settings, unit) ?? entry.parameters;
}

/** A person must not become who the product runs as, but where the image itself asks for that login. */
function checkLogin(unit: Unit, begin: readonly PlanEntry[], steps: readonly PlanEntry[]): void {
  const login = begin.find(({ use }) => use === 'administrator')?.parameters['login'];
  if (login === unit.setup?.administrator?.login) return;
  const step = steps.find(({ use, parameters }) => use === 'user' && parameters['name'] === login);
  if (step === undefined) return;
  throw new UnitError(`administrator.login is the account of step ${step.id}`, {
    exitCode: ExitCode.answers,
    texts: RULE_TEXTS.loginReserved,
    remedies: ['Choose another name, such as admin.'],
  });
}

/** Ends every plan: no step of an image can have such an id. */
function finishEntries(settings: Settings, unit: Unit): PlanEntry[] {
  return (Object.keys(FINISH) as FinishKind[]).flatMap((use) => {
    const { title, words, wanted } = FINISH[use];
    return wanted?.(settings, unit) === false ? [] : [{ id: `finish:${use}`, title, use, parameters: {}, words: words({}) }];
  });
}

function checkFacts(unit: Unit, facts: Facts): void {
  const step = unit.steps.find(({ use }) => use.startsWith('postgresql-'));
  if (step === undefined || facts.postgresql !== undefined) return;
  throw new UnitError(`step ${step.id} needs PostgreSQL, which is not installed`, {
    exitCode: ExitCode.unit,
    remedies: ['The image must name the package postgresql.'],
  });
}
