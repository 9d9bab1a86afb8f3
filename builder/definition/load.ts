/** From what the user typed to a definition that the pipeline can rely on: whole, checked, frozen. */
import type { Context } from '../kit/context.ts';
import { ExitCode, UserError } from '../kit/errors.ts';
import type { LoadedImage } from './definition.ts';
import { definitionHash } from './folder.ts';
import { type InspectOptions, inspectImage } from './inspect.ts';
import { imageWord, resolveImage, show } from './resolve.ts';

export interface LoadOptions extends Partial<InspectOptions> {}

/**
 * Loads an image by name or folder (see `resolveImage`). Warnings are emitted as findings.
 * @throws UserError(definition) with every problem at once, each with file, line, column, JSON pointer and suggestion.
 */
export async function loadImage(image: string, ctx: Context, options: LoadOptions = {}): Promise<LoadedImage> {
  const cwd = options.cwd ?? process.cwd();
  const folder = await resolveImage(image, cwd);
  const inspection = await inspectImage(folder, { cwd, auditRules: options.auditRules });
  const errors = inspection.findings.filter(({ severity }) => severity === 'error');
  if (errors.length > 0 || inspection.image === undefined) {
    throw new UserError(`The definition of ${show(folder, cwd)} has ${errors.length} ${errors.length === 1 ? 'error' : 'errors'}`, {
      exitCode: ExitCode.definition,
      problems: errors.map(({ problem }) => problem),
      remedies: [`images/README.md describes every member; unitsmith check ${imageWord(folder, cwd)} checks again.`],
    });
  }
  for (const { rule, severity, problem } of inspection.findings) ctx.events.emit({ type: 'finding', rule, severity, problem });
  return deepFreeze({
    definition: inspection.image.definition,
    folder,
    hash: await definitionHash(folder),
    settingsSchema: inspection.image.settings?.schema,
  });
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const member of Object.values(value)) deepFreeze(member);
  return value;
}
