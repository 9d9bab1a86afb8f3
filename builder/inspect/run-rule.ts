import type { Finding, Rule } from './rule.ts';
import type { Subject } from './subject.ts';

/** Whether there is anything that the rule can be held against. */
export function applies({ scope }: Rule, subject: Subject): boolean {
  const there = {
    file: true,
    archive: subject.archive !== undefined,
    manifest: subject.manifest !== undefined,
    descriptor: subject.ovf !== undefined,
    disk: subject.disks.length > 0,
  };
  return there[scope];
}

/** Runs a rule on each thing of its scope. What is missing or unreadable is another rule's finding, not an exception here. */
export async function findingsOf(rule: Rule, subject: Subject): Promise<Finding[]> {
  switch (rule.scope) {
    case 'file':
      return rule.check(subject);
    case 'archive':
      return subject.archive === undefined ? [] : rule.check(subject.archive, subject);
    case 'manifest':
      return subject.manifest === undefined ? [] : rule.check(subject.manifest, subject);
    case 'descriptor':
      return subject.ovf === undefined ? [] : rule.check(subject.ovf, subject);
    case 'disk': {
      const findings: Finding[] = [];
      for (const disk of subject.disks) findings.push(...(await rule.check(disk, subject)));
      return findings;
    }
  }
}
