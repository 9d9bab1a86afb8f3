import type { Finding, Rule } from '../rule.ts';

export const manifestDigest: Rule = {
  name: 'manifest-digest',
  severity: 'error',
  scope: 'manifest',
  demand: 'Every digest is that of its file.',
  check: async ({ path, lines }, subject) => {
    const findings: Finding[] = [];
    for (const { entry, number } of lines) {
      if (entry === undefined || !/^SHA-?(2-)?256$/i.test(entry.algorithm)) continue;
      const part = await subject.part(entry.file);
      if (part === undefined || (await part.sha256(subject.signal)) === entry.digest) continue;
      findings.push({
        message: `${entry.file} has another hash`,
        where: { file: path, line: number },
        remedy: 'The file was changed or damaged: write the manifest anew, or fetch the file again.',
      });
    }
    return findings;
  },
};
