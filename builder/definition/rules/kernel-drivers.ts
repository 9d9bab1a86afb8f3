import { problemAt, type Rule } from './rule.ts';

export const kernelDrivers: Rule = {
  name: 'kernel-drivers',
  severity: 'warning',
  check(image) {
    const { kernel, formats } = image.definition;
    if (kernel !== 'cloud' || !formats.some((format) => format === 'ova' || format === 'vmdk')) return [];
    const message = 'the cloud kernel has no driver for e1000 and LSI Logic: an OVA boots only on pvscsi or AHCI with vmxnet3';
    return [problemAt(image, '/kernel', message, 'Take kernel: generic where importers may choose their hardware.')];
  },
};
