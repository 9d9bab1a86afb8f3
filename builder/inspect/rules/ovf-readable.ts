import type { Rule } from '../rule.ts';

export const ovfReadable: Rule = {
  name: 'ovf-readable',
  severity: 'error',
  scope: 'file',
  demand: 'The descriptor is well-formed XML.',
  check: ({ descriptor }) => {
    if (descriptor === undefined || !('problem' in descriptor.content)) return [];
    const { message, line, column } = descriptor.content.problem;
    const where = { file: descriptor.path, ...(line === undefined ? {} : { line }), ...(column === undefined ? {} : { column }) };
    return [
      { message: `The descriptor cannot be read as XML: ${message.split('\n')[0]}`, where, remedy: 'Check it with: xmllint --noout FILE.' },
    ];
  },
};
