import { contents } from '../archive.ts';
import type { Finding, Rule } from '../rule.ts';

export const tarMembers: Rule = {
  name: 'tar-members',
  severity: 'error',
  scope: 'archive',
  demand: 'The archive holds one .ovf, its manifest and the files that References names, each once and nothing else.',
  check: (archive, subject) => {
    const finding = (message: string, remedy: string): Finding => ({ message, where: { file: archive.path }, remedy });
    const members = contents(archive);
    const findings = members
      .filter(({ type }) => type !== '0')
      .map(({ name }) => finding(`${name} is no plain file`, 'Archive plain files only, without folders and links.'));
    const names = members.map(({ name }) => name);
    for (const name of new Set(names.filter((candidate, index) => names.indexOf(candidate) !== index))) {
      findings.push(finding(`${name} is there more than once`, 'Write the archive anew instead of adding to it.'));
    }
    if (!names.some((name) => name.endsWith('.ovf')))
      findings.push(finding('There is no .ovf', 'Put the descriptor in as the first member.'));
    const stem = names.find((name) => name.endsWith('.ovf'))?.slice(0, -'.ovf'.length);
    for (const name of names.filter((candidate) => /\.(mf|cert)$/.test(candidate))) {
      const ending = name.slice(name.lastIndexOf('.'));
      if (stem !== undefined && name !== `${stem}${ending}`)
        findings.push(finding(`${name} is not named like the .ovf`, `Name it ${stem}${ending}.`));
    }
    if (subject.ovf === undefined) return findings;
    const hrefs = subject.ovf.files().map(({ href }) => href);
    for (const name of names.filter((candidate) => !hrefs.includes(candidate) && !/\.(ovf|mf|cert)$/.test(candidate))) {
      findings.push({ ...finding(`${name} is not in References`, 'Take it out, or refer to it.'), severity: 'warning' });
    }
    return findings;
  },
};
