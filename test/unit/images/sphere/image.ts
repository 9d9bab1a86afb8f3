import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { packageRoot } from '../../../../builder/kit/paths.ts';
import { renderTemplate } from '../../../../firstboot/apply/template/render.ts';
import type { TemplateFormat } from '../../../../firstboot/contract/step.ts';
import { applyDefaults, type Settings } from '../../../../firstboot/settings/index.ts';

export const IMAGE = join(packageRoot(), 'images', 'sphere');

export function imageFile(path: string): Promise<string> {
  return readFile(join(IMAGE, path), 'utf8');
}

export const SECRETS = {
  database: 'db-secret',
  broker: 'broker-secret',
  cookie: 'COOKIE',
  session: 'session-secret',
  superuser: 'pass word',
};

/** The sample answers with defaults filled in; members of `product` and `mail` replaced. */
export async function sampleSettings(changes: { product?: object; mail?: object; domain?: object } = {}): Promise<Settings> {
  const answers = parse(await imageFile('sample/answers.yaml')) as Record<string, object>;
  const changed = {
    ...answers,
    product: { ...answers.product, ...changes.product },
    mail: changes.mail ?? answers.mail,
    domain: changes.domain ?? answers.domain,
  };
  return applyDefaults(changed, JSON.parse(await imageFile('settings.schema.json')) as object);
}

export async function rendered(template: string, format: TemplateFormat, settings?: Settings): Promise<string> {
  const context = { settings: settings ?? (await sampleSettings()), secrets: SECRETS, unit: { name: 'sphere' } };
  return renderTemplate(await imageFile(`templates/${template}`), format, context, template);
}
