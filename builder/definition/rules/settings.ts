/** Which settings an image has, and which of them it reads where. */
import { answersSchema } from '../../../firstboot/settings/answers.ts';
import { pointerOf } from '../../../firstboot/settings/pointer.ts';
import { schemaForAnswers } from '../../../firstboot/settings/roles.ts';
import { type Setting, settingsOf } from '../../../firstboot/settings/walk.ts';
import type { Location } from '../../kit/errors.ts';
import type { ImageUnderCheck } from './rule.ts';

export interface Read {
  /** Dotted path from the top of the answers; empty for all of them. */
  path: string;
  where: Location;
  /** Who reads, as messages call it. */
  by: string;
}

export function allSettings(image: ImageUnderCheck): Setting[] {
  return settingsOf(answersSchema(image.settings?.schema));
}

/** Those that units of one role have. */
export function settingsIn(image: ImageUnderCheck, role: string): Setting[] {
  return settingsOf(answersSchema(schemaForAnswers(image.settings?.schema, { cluster: { role } })));
}

export function readsOf(image: ImageUnderCheck): Read[] {
  const inTexts = image.texts.flatMap(({ name, reading, locate }) =>
    reading.references
      .filter(({ head }) => head === 'settings')
      .map(({ path, line, column }) => ({ path, where: locate(line, column), by: name })),
  );
  const named = image.definition.steps.flatMap((step, index): Read[] => {
    const at = (path: string, pointer: string): Read => ({ path, where: image.document.locate(pointer), by: `step "${step.id}"` });
    if (step.use === 'secret' && step.with.from !== undefined) return [at(step.with.from, `/steps/${index}/with/from`)];
    if (step.use !== 'executable') return [];
    return (step.with.reads ?? []).map((path, item) => at(path, `/steps/${index}/with/reads/${item}`));
  });
  const asked = (image.definition.dns ?? []).flatMap(({ name, type, from, when = {} }, index) => {
    const at = (path: string, pointer: string): Read => ({
      path,
      where: image.document.locate(`/dns/${index}/${pointer}`),
      by: `the DNS record ${name} ${type}`,
    });
    return [...(from === undefined ? [] : [at(from, 'from')]), ...Object.keys(when).map((path) => at(path, `when${pointerOf([path])}`))];
  });
  const opened = image.definition.ports.flatMap(({ port, from }, index): Read[] =>
    from === undefined ? [] : [{ path: from, where: image.document.locate(`/ports/${index}/from`), by: `port ${port}` }],
  );
  const apart = Object.entries(image.definition.roles ?? {}).flatMap(([role, { unique = [] }]) =>
    unique.map((path, index): Read => {
      const where = image.document.locate(`/roles${pointerOf([role])}/unique/${index}`);
      return { path, where, by: `role "${role}"` };
    }),
  );
  return [...inTexts, ...named, ...asked, ...opened, ...apart];
}

/** Whether reading `read` reads the setting: itself, a group that holds it, or a member of it (an item of a list). */
export function covers(read: string, setting: string): boolean {
  return read === '' || read === setting || setting.startsWith(`${read}.`) || read.startsWith(`${setting}.`);
}
