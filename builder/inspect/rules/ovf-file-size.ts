import type { Finding, Rule } from '../rule.ts';

export const ovfFileSize: Rule = {
  name: 'ovf-file-size',
  severity: 'error',
  scope: 'descriptor',
  demand: 'ovf:size of a File is the size of the file.',
  check: async (ovf, subject) => {
    const findings: Finding[] = [];
    for (const { element, href, size } of ovf.files()) {
      const part = await subject.part(href);
      if (part === undefined || size === String(part.size)) continue;
      findings.push({
        message: `${href} has ${part.size} bytes; ovf:size says ${size ?? 'nothing'}`,
        where: ovf.where(element),
        remedy: `Set ovf:size="${part.size}".`,
      });
    }
    return findings;
  },
};
