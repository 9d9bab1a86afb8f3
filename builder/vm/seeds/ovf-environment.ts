/** An OVF environment on a CD, as a hypervisor's ISO transport gives it (DSP0243 1.1.1, section 11.2 and annex). */
import type { Cleanup } from '../../kit/cleanup.ts';
import type { Context } from '../../kit/context.ts';
import { makeIso } from '../../tools/iso.ts';

export const OVF_ENVIRONMENT_LABEL = 'OVF ENV';
export const OVF_ENVIRONMENT_FILE = 'ovf-env.xml';

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  // Raw ones would come out of an attribute as spaces (XML 1.0, section 3.3.3).
  '\n': '&#10;',
  '\r': '&#13;',
  '\t': '&#9;',
};

/** Text for an XML attribute. @throws where it holds a character that XML 1.0 has no way to write. */
export function attribute(text: string): string {
  if (/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|\p{Surrogate}/u.test(text))
    throw new Error('a property value holds a character that XML cannot carry');
  return text.replaceAll(/[&<>"'\n\r\t]/g, (character) => ENTITIES[character] ?? character);
}

/** The environment document for these properties. */
export function ovfEnvironment(properties: Readonly<Record<string, string>>, id = 'vm'): string {
  const lines = Object.entries(properties).map(
    ([key, value]) => `    <Property oe:key="${attribute(key)}" oe:value="${attribute(value)}"/>`,
  );
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<Environment xmlns="http://schemas.dmtf.org/ovf/environment/1"',
    '    xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"',
    '    xmlns:oe="http://schemas.dmtf.org/ovf/environment/1"',
    `    oe:id="${attribute(id)}">`,
    '  <PropertySection>',
    ...lines,
    '  </PropertySection>',
    '</Environment>',
    '',
  ].join('\n');
}

export async function ovfEnvironmentIso(ctx: Context, properties: Readonly<Record<string, string>>, cleanup: Cleanup): Promise<string> {
  return await makeIso(ctx, OVF_ENVIRONMENT_LABEL, { [OVF_ENVIRONMENT_FILE]: ovfEnvironment(properties) }, cleanup);
}
