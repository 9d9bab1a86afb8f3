/** Every rule, in the order of reports: archive, manifest, descriptor, properties, disks. One line a rule. */
import type { Rule } from '../rule.ts';
import { certificate } from './certificate.ts';
import { manifestCoverage } from './manifest-coverage.ts';
import { manifestDigest } from './manifest-digest.ts';
import { manifestPresent } from './manifest-present.ts';
import { manifestSpelling } from './manifest-spelling.ts';
import { ovfBoot } from './ovf-boot.ts';
import { ovfCapacity } from './ovf-capacity.ts';
import { ovfConfigKeys } from './ovf-config-keys.ts';
import { ovfController } from './ovf-controller.ts';
import { ovfDiskFormat } from './ovf-disk-format.ts';
import { ovfExtraConfig } from './ovf-extra-config.ts';
import { ovfFileSize } from './ovf-file-size.ts';
import { ovfGuestOs } from './ovf-guest-os.ts';
import { ovfHardware } from './ovf-hardware.ts';
import { ovfHardwareVersion } from './ovf-hardware-version.ts';
import { ovfNetwork } from './ovf-network.ts';
import { ovfNvram } from './ovf-nvram.ts';
import { ovfOptionalConfig } from './ovf-optional-config.ts';
import { ovfOrder } from './ovf-order.ts';
import { ovfReadable } from './ovf-readable.ts';
import { ovfReferences } from './ovf-references.ts';
import { ovfVersion } from './ovf-version.ts';
import { propertyCloudInit } from './property-cloud-init.ts';
import { propertyInput } from './property-input.ts';
import { propertyKeys } from './property-keys.ts';
import { propertyLabelOrder } from './property-label-order.ts';
import { propertyTransport } from './property-transport.ts';
import { propertyTypes } from './property-types.ts';
import { tarComplete } from './tar-complete.ts';
import { tarDialect } from './tar-dialect.ts';
import { tarMembers } from './tar-members.ts';
import { tarNames } from './tar-names.ts';
import { tarOrder } from './tar-order.ts';
import { tarOwner } from './tar-owner.ts';
import { vmdkDescriptor } from './vmdk-descriptor.ts';
import { vmdkEnding } from './vmdk-ending.ts';
import { vmdkExtent } from './vmdk-extent.ts';
import { vmdkGrainData } from './vmdk-grain-data.ts';
import { vmdkGrainOrder } from './vmdk-grain-order.ts';
import { vmdkHeader } from './vmdk-header.ts';
import { vmdkTables } from './vmdk-tables.ts';
import { vmdkTools } from './vmdk-tools.ts';
import { vmdkZeroGrains } from './vmdk-zero-grains.ts';

export const rules: readonly Rule[] = [
  tarComplete,
  tarDialect,
  tarOrder,
  tarNames,
  tarOwner,
  tarMembers,
  manifestPresent,
  manifestSpelling,
  manifestCoverage,
  manifestDigest,
  certificate,
  ovfReadable,
  ovfVersion,
  ovfOrder,
  ovfReferences,
  ovfFileSize,
  ovfCapacity,
  ovfDiskFormat,
  ovfHardware,
  ovfController,
  ovfNetwork,
  ovfOptionalConfig,
  ovfExtraConfig,
  ovfConfigKeys,
  ovfHardwareVersion,
  ovfGuestOs,
  ovfNvram,
  ovfBoot,
  propertyTransport,
  propertyKeys,
  propertyCloudInit,
  propertyInput,
  propertyLabelOrder,
  propertyTypes,
  vmdkHeader,
  vmdkDescriptor,
  vmdkExtent,
  vmdkTools,
  vmdkGrainOrder,
  vmdkGrainData,
  vmdkZeroGrains,
  vmdkEnding,
  vmdkTables,
];
