/** The OVF descriptor (DSP0243 1.1) from templates/ovf/descriptor.ovf.hbs. */
import { readFileSync } from 'node:fs';
import handlebars from 'handlebars';

import { templatePath } from '../../kit/paths.ts';
import type { Controller, OvfOptions, VappProperty } from './options.ts';

export interface OvfDisk {
  fileName: string;
  /** Bytes of the VMDK file. */
  size: number;
  /** Virtual size in bytes. */
  capacity: number;
  populated: number;
}

/** CIM_ResourceAllocationSettingData.ResourceType, and how VMware spells each controller. */
const CONTROLLER_ITEMS: Record<Controller, { type: number; subType: string; description: string }> = {
  pvscsi: { type: 6, subType: 'VirtualSCSI', description: 'SCSI Controller' },
  lsilogic: { type: 6, subType: 'lsilogic', description: 'SCSI Controller' },
  lsisas1068: { type: 6, subType: 'lsilogicsas', description: 'SCSI Controller' },
  ahci: { type: 20, subType: 'vmware.sata.ahci', description: 'SATA Controller' },
  nvme: { type: 20, subType: 'vmware.nvme.controller', description: 'NVMe Controller' },
};
/** VirtualBox knows no pvscsi, and its own names for the rest. */
const VIRTUALBOX_CONTROLLER = { type: 20, subType: 'AHCI', description: 'SATA Controller' };

/** The descriptor as text. Equal options give equal bytes. */
export function ovfDescriptor(disk: OvfDisk, options: OvfOptions): string {
  const { profile } = options;
  const vmware = profile === 'vmware';
  const render = handlebars.compile(readFileSync(templatePath('ovf', 'descriptor.ovf.hbs'), 'utf8'), { strict: true });
  return render({
    ...options,
    eula: options.eula ?? null,
    product: { ...options.product, vendorUrl: options.product.vendorUrl ?? null, productUrl: options.product.productUrl ?? null },
    disk,
    vmware,
    efi: options.firmware === 'efi',
    systemType: vmware ? `vmx-${options.hardwareVersion}` : 'virtualbox-2.2',
    controllerItem: vmware ? CONTROLLER_ITEMS[options.controller] : VIRTUALBOX_CONTROLLER,
    nicType: vmware ? options.nic : 'E1000',
    network: vmware ? 'VM Network' : 'NAT',
    // Attribute order and numbering follow what ovftool writes; ids are unique across all items.
    dataDisks: options.dataDisks.map(({ name, bytes }, index) => ({
      name,
      bytes,
      diskId: `vmdisk${index + 2}`,
      address: index + 1,
      instance: 20 + index,
    })),
    categories: byCategory(options.properties),
  });
}

/** Properties in groups, each under its Category element; labels are numbered because some clients sort them by text. */
function byCategory(properties: readonly VappProperty[]): { category: string; properties: object[] }[] {
  const groups: { category: string; properties: object[] }[] = [];
  for (const [index, property] of properties.entries()) {
    const label = `${String(index + 1).padStart(2, '0')}. ${property.label}`;
    const entry = { ...property, label, qualifiers: property.qualifiers ?? null };
    const last = groups.at(-1);
    if (last?.category === property.category) last.properties.push(entry);
    else groups.push({ category: property.category, properties: [entry] });
  }
  return groups;
}
