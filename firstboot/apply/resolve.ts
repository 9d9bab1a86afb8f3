/** Parameters of a step with their templates rendered: symbolically for the plan, in clear only where secrets may go. */
import { SECRET_PARAMETERS, type Step } from '../contract/step.ts';
import { ExitCode, UnitError } from '../kit/errors.ts';
import { setAt, settingAt } from '../settings/index.ts';
import { type RenderContext, renderTemplate } from './template/render.ts';

const MARK = /\u27e8(secret|setting) [^\u27e9]*\u27e9/;

/** The context for plans: each secret is a word in angle brackets instead of its value. */
export function symbolicContext(
  context: Omit<RenderContext, 'secrets'>,
  secretNames: readonly string[],
  secretSettings: readonly string[],
): RenderContext {
  const settings = structuredClone(context.settings) as Record<string, unknown>;
  for (const path of secretSettings) {
    if (settingAt(settings, path) !== undefined) setAt(settings, path, `\u27e8setting ${path}\u27e9`);
  }
  const secrets = Object.fromEntries(secretNames.map((name) => [name, `\u27e8secret ${name}\u27e9`]));
  return { ...context, settings, secrets };
}

/**
 * A step's parameters for the plan. @throws UnitError where a template reads what is not there, or where a secret would
 * get into an argument, a path or a name.
 */
export function planParameters(step: Step, symbolic: RenderContext): Record<string, unknown> {
  const allowed = SECRET_PARAMETERS[step.use] ?? [];
  const parameters: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(step.with)) {
    const rendered = renderDeep(value, symbolic, `step ${step.id}, ${field}`);
    if (!allowed.includes(field) && holdsMark(rendered)) {
      throw new UnitError(`step ${step.id}: \`${field}\` would hold a secret, which others could read`, {
        exitCode: ExitCode.step,
        remedies: ['Give secrets to a program by `stdin`, or in a file written by a template.'],
      });
    }
    parameters[field] = rendered;
  }
  return parameters;
}

/** The same for running: the fields that may hold secrets are rendered in clear. */
export function runParameters(step: Step, planned: Readonly<Record<string, unknown>>, context: RenderContext): Record<string, unknown> {
  const parameters = { ...planned };
  const given = step.with as Record<string, unknown>;
  for (const field of SECRET_PARAMETERS[step.use] ?? []) {
    if (given[field] !== undefined) parameters[field] = renderDeep(given[field], context, `step ${step.id}, ${field}`);
  }
  return parameters;
}

function renderDeep(value: unknown, context: RenderContext, name: string): unknown {
  if (typeof value === 'string') return value.includes('{{') ? renderTemplate(value, 'text', context, name) : value;
  if (Array.isArray(value)) return value.map((item) => renderDeep(item, context, name));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, renderDeep(member, context, name)]));
}

function holdsMark(value: unknown): boolean {
  return MARK.test(JSON.stringify(value));
}
