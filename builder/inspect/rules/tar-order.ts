import { contents } from '../archive.ts';
import type { Finding, Rule } from '../rule.ts';

export const tarOrder: Rule = {
  name: 'tar-order',
  severity: 'error',
  scope: 'archive',
  demand: 'The .ovf comes first, the .mf second, then the files in the order of References; a .cert follows the .mf or comes last.',
  check: (archive, subject) => {
    const names = contents(archive).map(({ name }) => name);
    if (names.length === 0) return [];
    const finding = (message: string): Finding => ({
      message,
      where: { file: archive.path },
      remedy: 'Write the members in the order .ovf, .mf, then the files as References lists them.',
    });
    const findings: Finding[] = [];
    if (names[0]?.endsWith('.ovf') !== true) findings.push(finding(`The first member is ${names[0]}, not the .ovf`));
    const manifest = names.findIndex((name) => name.endsWith('.mf'));
    if (manifest > 1) findings.push(finding(`${names[manifest]} is member ${manifest + 1}, not the second`));
    const certificate = names.findIndex((name) => name.endsWith('.cert'));
    if (certificate >= 0 && certificate !== names.length - 1 && certificate !== manifest + 1) {
      findings.push(finding(`${names[certificate]} is neither behind the manifest nor last`));
    }
    const hrefs = subject.ovf?.files().map(({ href }) => href) ?? [];
    const found = names.filter((name) => hrefs.includes(name));
    const wanted = hrefs.filter((href) => names.includes(href));
    if (found.join('/') !== wanted.join('/'))
      findings.push(finding(`The files stand in the order ${found.join(', ')}; References has ${wanted.join(', ')}`));
    return findings;
  },
};
