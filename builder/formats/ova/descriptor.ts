/** The OVF descriptor (DSP0243 1.1) from templates/ovf/descriptor.ovf.hbs. */
import { readFileSync } from 'node:fs';
import handlebars from 'handlebars';

import { templatePath } from '../../kit/paths.ts';
import type { Controller, GuestSystem, OvfOptions, VappProperty } from './options.ts';

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

/** CIM_OperatingSystem.OSType, by which VirtualBox goes, and VMware's name with the first hardware version that has it (`ovf-guest-os` of inspect). */
const SYSTEM_SECTIONS: Record<GuestSystem, { cim: number; vmware: string; since: number; description: string }> = {
  debian: { cim: 96, vmware: 'debian10_64Guest', since: 13, description: 'Debian GNU/Linux (64-bit)' },
  ubuntu: { cim: 94, vmware: 'ubuntu64Guest', since: 8, description: 'Ubuntu Linux (64-bit)' },
};
/** VMware's name of any Linux, for hardware versions that lack the system's own. */
const ANY_LINUX = 'other3xLinux64Guest';

/** What XML 1.0 cannot hold, not even escaped: control characters such as the form feeds of licence texts, and halves of a pair. */
const NOT_XML =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** The descriptor as text. Equal options give equal bytes. Characters that XML does not have are left out. */
export function ovfDescriptor(disk: OvfDisk, given: OvfOptions): string {
  const options = JSON.parse(JSON.stringify(given), (_key, value: unknown) =>
    typeof value === 'string' ? value.replaceAll(NOT_XML, '') : value,
  ) as OvfOptions;
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
    guest: guestOf(options),
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

function guestOf({ system, hardwareVersion }: OvfOptions): { cim: number; vmware: string; description: string } {
  const section = SYSTEM_SECTIONS[system];
  return hardwareVersion < section.since ? { ...section, vmware: ANY_LINUX } : section;
}

/** Properties in groups, each under its Category element; labels are numbered because some clients sort them by text. */
function byCategory(properties: readonly VappProperty[]): { category: string; properties: object[] }[] {
  const groups: { category: string; properties: object[] }[] = [];
  for (const [index, property] of properties.entries()) {
    const label = `${String(index + 1).padStart(2, '0')}. ${property.label}`;
    const entry = { ...property, label, value: attributeText(property.value), qualifiers: property.qualifiers ?? null };
    const last = groups.at(-1);
    if (last?.category === property.category) last.properties.push(entry);
    else groups.push({ category: property.category, properties: [entry] });
  }
  return groups;
}

/** Readers make a space of each tab and line break of an attribute that is not escaped (XML 1.0, 3.3.3): a PEM would be lost. */
function attributeText(value: string): handlebars.SafeString {
  const escaped = handlebars.escapeExpression(value).replaceAll(/[\t\n\r]/g, (character) => `&#${character.charCodeAt(0)};`);
  return new handlebars.SafeString(escaped);
}
