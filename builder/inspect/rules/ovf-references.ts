import type { Element } from '@xmldom/xmldom';

import { ResourceType } from '../ovf.ts';
import type { Finding, Rule } from '../rule.ts';

export const ovfReferences: Rule = {
  name: 'ovf-references',
  severity: 'error',
  scope: 'descriptor',
  demand: 'Every reference leads to a part that is there.',
  check: async (ovf, subject) => {
    const findings: Finding[] = [];
    const add = (element: Element, message: string, remedy: string): void =>
      void findings.push({ message, where: ovf.where(element), remedy });
    const files = ovf.files();
    for (const { element, href } of files) {
      if ((await subject.part(href)) === undefined) add(element, `${href} is missing`, 'Add the file, or take its File element out.');
    }
    const disks = ovf.disks();
    for (const { element, id, fileRef } of disks) {
      if (fileRef !== undefined && !files.some((file) => file.id === fileRef))
        add(element, `Disk ${id} refers to ${fileRef}, and no File has that id`, 'Correct ovf:fileRef.');
    }
    for (const { element, hostResource } of ovf.items().filter(({ type }) => type === ResourceType.disk)) {
      const disk = /^(?:ovf:)?\/disk\/(.+)$/.exec(hostResource ?? '')?.[1];
      if (disk === undefined || !disks.some(({ id }) => id === disk)) {
        add(element, `A disk drive refers to ${hostResource ?? 'nothing'}`, 'HostResource is ovf:/disk/<diskId> of a Disk that is there.');
      }
    }
    return findings;
  },
};
