import { SECRET_PARAMETERS } from '../../../firstboot/contract/step.ts';
import type { Problem } from '../../kit/errors.ts';
import type { ImageUnderCheck, Rule, TemplateText } from './rule.ts';
import { allSettings, covers } from './settings.ts';

/** Arguments, paths and names can be read by every process on the unit: secrets go by standard input or in a file. */
export const secretExposed: Rule = {
  name: 'secret-exposed',
  severity: 'error',
  check(image) {
    const secrets = allSettings(image).flatMap(({ path, schema }) => (schema.writeOnly === true ? [path] : []));
    return image.texts
      .filter(({ parameter, step }) => parameter !== undefined && !mayHoldSecrets(image, step, parameter))
      .flatMap((text) => exposed(text, secrets));
  },
};

function mayHoldSecrets({ definition }: ImageUnderCheck, step: number, parameter: string): boolean {
  const use = definition.steps[step]?.use;
  return use !== undefined && SECRET_PARAMETERS[use]?.includes(parameter) === true;
}

function exposed({ name, parameter, reading, locate }: TemplateText, secrets: readonly string[]): Problem[] {
  return reading.references
    .filter(({ head, path }) => head === 'secrets' || (head === 'settings' && secrets.some((secret) => covers(path, secret))))
    .map(({ head, path, line, column }) => ({
      message: `${name} puts the secret ${head}.${path} into ${parameter}, where others could read it`,
      where: locate(line, column),
      suggestion: 'Give it to a program by stdin, or write it into a file by a template.',
    }));
}
