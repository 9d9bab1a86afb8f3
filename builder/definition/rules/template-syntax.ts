import { nearest } from '../../../firstboot/settings/nearest.ts';
import type { Problem } from '../../kit/errors.ts';
import type { Reference } from '../references.ts';
import type { Rule, TemplateText } from './rule.ts';

const HEADS = ['settings', 'secrets', 'unit'];

/** Templates must parse, and read what there is: `settings`, `secrets`, `unit`. */
export const templateSyntax: Rule = {
  name: 'template-syntax',
  severity: 'error',
  check: ({ texts }) =>
    texts.flatMap((text) => [...faults(text), ...text.reading.references.flatMap((reference) => heads(text, reference))]),
};

function faults({ name, reading, locate }: TemplateText): Problem[] {
  const { fault } = reading;
  if (fault === undefined) return [];
  const suggestion = 'Look for a tag that is not closed; a literal {{ is written \\{{.';
  return [{ message: `${name} is no handlebars template: ${fault.message}`, where: locate(fault.line, fault.column), suggestion }];
}

function heads({ name, locate }: TemplateText, { head, path, line, column, unreachable }: Reference): Problem[] {
  const where = locate(line, column);
  const whole = path === '' ? head : `${head}.${path}`;
  if (!HEADS.includes(head)) {
    const near = nearest(head, HEADS);
    const suggestion = near === undefined ? `Templates read ${HEADS.join(', ')}.` : `Did you mean "${near}"?`;
    return [{ message: `${name} reads ${whole}, which is nothing that templates are given`, where, suggestion }];
  }
  if (!unreachable) return [];
  return [
    {
      message: `${name} reads ${whole} inside #each or #with, where it means a member of the item`,
      where,
      suggestion: `Write @root.${whole}.`,
    },
  ];
}
