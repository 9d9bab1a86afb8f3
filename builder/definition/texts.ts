/** All texts of an image that handlebars renders: files of templates/, and strings in the parameters of steps. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Step } from '../../firstboot/contract/step.ts';
import { pointerOf } from '../../firstboot/settings/pointer.ts';
import { readTemplate } from './references.ts';
import type { ImageUnderCheck, TemplateText } from './rules/rule.ts';

/** Parameters that are names, not texts. */
const NAMES: Partial<Record<Step['use'], readonly string[]>> = {
  template: ['from', 'format'],
  variables: ['from', 'folder', 'certificate'],
  secret: ['name', 'from', 'alphabet'],
  executable: ['file', 'reads', 'secrets'],
  service: ['name', 'action'],
};

export async function templateTexts(image: ImageUnderCheck): Promise<TemplateText[]> {
  const texts: TemplateText[] = [];
  for (const [index, step] of image.definition.steps.entries()) {
    const names = NAMES[step.use] ?? [];
    const members = Object.entries(step.with).filter(([name]) => !names.includes(name));
    texts.push(...members.flatMap(([name, value]) => inParameter(image, index, value, ['steps', index, 'with', name])));
    const file = step.use === 'template' ? `templates/${step.with.from}` : undefined;
    if (file !== undefined && image.entries.get(file)?.readable === true) texts.push(await inFile(image, index, file));
  }
  return texts;
}

async function inFile(image: ImageUnderCheck, step: number, path: string): Promise<TemplateText> {
  const file = image.show(path);
  return {
    name: path,
    reading: readTemplate(await readFile(join(image.folder, path), 'utf8')),
    locate: (line, column) => ({ file, line, column }),
    step,
    parameter: undefined,
  };
}

function inParameter(image: ImageUnderCheck, step: number, value: unknown, way: readonly (string | number)[]): TemplateText[] {
  if (typeof value === 'string') {
    const pointer = pointerOf(way);
    return [
      {
        name: `step "${image.definition.steps[step]?.id ?? step}"`,
        reading: readTemplate(value),
        locate: (line, column) => image.document.locateIn(pointer, line, column),
        step,
        parameter: String(way[3]),
      },
    ];
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => inParameter(image, step, member, [...way, name]));
}
