import type { Finding, Rule, Severity } from '../rule.ts';

export const vmdkExtent: Rule = {
  name: 'vmdk-extent',
  severity: 'error',
  scope: 'disk',
  demand: 'The extent line repeats capacity and file name.',
  check: ({ path, name, header, descriptor }) => {
    if (descriptor === undefined) return [];
    const finding = (message: string, severity: Severity = 'error'): Finding => ({
      message,
      where: { file: path },
      severity,
      remedy: `Let the line be: RW ${header.capacity} SPARSE "${name}".`,
    });
    const extent = descriptor.extents[0];
    if (extent === undefined || descriptor.extents.length > 1)
      return [finding(`The descriptor has ${descriptor.extents.length} extents, not one`)];
    const findings: Finding[] = [];
    if (extent.sectors !== header.capacity) findings.push(finding(`The extent has ${extent.sectors} sectors, the disk ${header.capacity}`));
    if (extent.access !== 'RW' || extent.type !== 'SPARSE') findings.push(finding(`The extent is ${extent.access} ${extent.type}`));
    if (extent.fileName !== name)
      findings.push(finding(`The extent is named ${JSON.stringify(extent.fileName)}, the file ${JSON.stringify(name)}`, 'warning'));
    return findings;
  },
};
