/** What breaks each rule: the smallest change of a good OVA that its rule must find. */
import { execFileSync } from 'node:child_process';
import { createSign } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync, inflateSync } from 'node:zlib';

import { type Member, manifestOf, withHeader } from '../../helpers/tiny-ova.ts';

const SECTOR = 512;

/** Applied in this order; sizes and hashes that follow from `disk` and `xml` are set right unless a later change is about them. */
export interface Breakage {
  what: string;
  /** Other rules that the same fault breaks. */
  also?: string[];
  /** What the finding says, in part. */
  says?: string;
  disk?: (vmdk: Buffer) => Buffer;
  xml?: (ovf: string) => string;
  manifest?: (manifest: string) => string;
  members?: (members: Member[], folder: string) => Member[];
  archive?: (ova: Buffer) => Buffer;
}

/** Replaces, and fails where there is nothing to replace. */
function swap(text: string, from: string | RegExp, to: string): string {
  const changed = text.replace(from, to);
  if (changed === text) throw new Error(`there is no ${from} to replace`);
  return changed;
}

const xml =
  (from: string | RegExp, to: string) =>
  (ovf: string): string =>
    swap(ovf, from, to);

/** Bytes of the VMDK's header, text descriptor, grains or end. */
const bytes =
  (change: (vmdk: Buffer) => void) =>
  (vmdk: Buffer): Buffer => {
    change(vmdk);
    return vmdk;
  };

const descriptor =
  (from: string, to: string) =>
  (vmdk: Buffer): Buffer => {
    if (from.length !== to.length) throw new Error('the descriptor must keep its length');
    const at = vmdk.indexOf(from);
    if (at < SECTOR || at > 21 * SECTOR) throw new Error(`the descriptor has no ${from}`);
    vmdk.write(to, at, 'latin1');
    return vmdk;
  };

const firstHeader = (change: (header: Buffer) => void) => (members: Member[]) => {
  members[0]!.header = withHeader(change);
  return members;
};

const FIRST_GRAIN = 128 * SECTOR;

/** Where the grains of the stream begin. */
function grainOffsets(vmdk: Buffer): number[] {
  const offsets: number[] = [];
  for (let at = FIRST_GRAIN; ; ) {
    const size = vmdk.readUInt32LE(at + 8);
    if (size === 0) {
      if (vmdk.readUInt32LE(at + 12) === 2) return offsets;
      at += SECTOR + Number(vmdk.readBigUInt64LE(at)) * SECTOR;
    } else {
      offsets.push(at);
      at += Math.ceil((12 + size) / SECTOR) * SECTOR;
    }
  }
}

/** Swaps the places of two grains on the disk, in the stream alone. */
function swapGrains(vmdk: Buffer): void {
  const [, first, second] = grainOffsets(vmdk) as [number, number, number];
  const place = vmdk.readBigUInt64LE(first);
  vmdk.writeBigUInt64LE(vmdk.readBigUInt64LE(second), first);
  vmdk.writeBigUInt64LE(place, second);
}

/** Puts a grain of `content` in the place of the last one, whose stream is longer. */
function replaceLastGrain(vmdk: Buffer, content: Buffer): void {
  const at = grainOffsets(vmdk).at(-1) as number;
  const room = vmdk.readUInt32LE(at + 8);
  const stream = deflateSync(content);
  // The record keeps its length, so that all behind it stays in place: zlib streams end by themselves.
  vmdk.fill(0, at + 12, at + 12 + room);
  stream.copy(vmdk, at + 12);
}

function tablesAndDirectory(vmdk: Buffer): { directory: number; table: number } {
  const directory = Number(vmdk.readBigUInt64LE(vmdk.length - 2 * SECTOR + 56)) * SECTOR;
  return { directory, table: vmdk.readUInt32LE(directory) * SECTOR };
}

function pax(members: Member[]): Member[] {
  const record: Member = {
    name: 'PaxHeader',
    data: Buffer.from('17 comment=a test\n'),
    header: withHeader((header) => header.write('x', 156)),
  };
  return [record, ...members];
}

function signed(members: Member[], folder: string, change: (text: string) => string): Member[] {
  const [key, pem] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  if (!existsSync(pem)) {
    const subject = ['-subj', '/CN=publisher', '-days', '2'];
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...subject, '-keyout', key, '-out', pem], {
      stdio: 'ignore',
    });
  }
  const manifest = members.find(({ name }) => name.endsWith('.mf'))!;
  const signature = createSign('sha256').update(manifest.data).sign(readFileSync(key)).toString('hex');
  const text = change(`SHA256(${manifest.name})= ${signature}\n${readFileSync(pem, 'utf8')}`);
  return [...members, { name: 'tiny.cert', data: Buffer.from(text) }];
}

/** No fault: what a signature that is right looks like. */
export const signedWell = (members: Member[], folder: string): Member[] => signed(members, folder, (text) => text);

const PROPERTY = 'ovf:key="unit.domain" ovf:type="string"';

export const BREAKAGES: Record<string, Breakage[]> = {
  'tar-complete': [
    {
      what: 'cut off in the disk',
      archive: (ova) => ova.subarray(0, ova.length - 4096),
      says: 'cut short',
      also: ['manifest-digest', 'ovf-file-size', 'vmdk-ending', 'vmdk-tables'],
    },
    { what: 'cut off before the empty blocks', archive: (ova) => ova.subarray(0, ova.length - 1024), says: 'without the two empty blocks' },
    { what: 'one empty block', archive: (ova) => ova.subarray(0, ova.length - 512), says: 'one empty block' },
    {
      what: 'a header whose checksum is wrong',
      archive: (ova) => {
        ova[0] = 0x7a;
        return ova;
      },
      says: 'no tar header at byte 0',
      also: ['tar-members', 'manifest-present'],
    },
    {
      what: 'a size that is no number',
      members: firstHeader((header) => header.write('zzz', 124)),
      says: 'the size of tiny.ovf cannot be read',
      also: ['tar-members', 'manifest-present'],
    },
  ],
  'tar-dialect': [
    { what: 'a PAX record', members: pax, says: 'PAX' },
    { what: 'a GNU header for a small file', members: firstHeader((header) => header.write('ustar  \0', 257, 'latin1')), says: 'GNU' },
    { what: 'a header from before POSIX', members: firstHeader((header) => header.fill(0, 257, 345)), says: 'without the ustar magic' },
    {
      what: 'a long name of GNU tar',
      members: (members) => [
        { name: 'LongLink', data: Buffer.from('tiny.ovf\0'), header: withHeader((header) => header.write('L', 156)) },
        ...members,
      ],
      says: 'long name',
    },
    {
      what: 'a binary size in a ustar header',
      members: firstHeader((header) => {
        const size = Number.parseInt(header.toString('latin1', 124, 135), 8);
        header.fill(0, 124, 136);
        header.writeBigUInt64BE(BigInt(size), 128);
        header[124] = 0x80;
      }),
      says: 'binary size',
    },
  ],
  'tar-order': [
    { what: 'the manifest first', members: ([ovf, mf, disk]) => [mf!, ovf!, disk!], says: 'not the .ovf' },
    { what: 'the manifest last', members: ([ovf, mf, disk]) => [ovf!, disk!, mf!], says: 'not the second' },
    {
      what: 'a certificate in front',
      members: (members, folder) => {
        const [ovf, mf, disk, certificate] = signedWell(members, folder);
        return [ovf!, certificate!, mf!, disk!];
      },
      says: 'neither behind the manifest nor last',
    },
    {
      what: 'files in another order than References',
      xml: xml('<File', '<File ovf:href="first.bin" ovf:id="file0" ovf:size="1"/>\n    <File'),
      members: (members) => withManifest([...members, { name: 'first.bin', data: Buffer.from('x') }]),
      says: 'References has first.bin',
    },
  ],
  'tar-names': [
    {
      what: 'a folder in the name',
      xml: xml('ovf:href="tiny-disk1.vmdk"', 'ovf:href="a/tiny-disk1.vmdk"'),
      members: (members) => {
        members[2]!.header = withHeader((header) => header.write('a/tiny-disk1.vmdk', 0));
        members[1]!.data = Buffer.from(members[1]!.data.toString().replace('(tiny-disk1', '(a/tiny-disk1'));
        return members;
      },
      says: 'a/tiny-disk1.vmdk',
      also: ['vmdk-extent'],
    },
  ],
  'tar-owner': [
    { what: 'a user', members: firstHeader((header) => header.write('0001750', 108)), says: '1000:0' },
    { what: 'a mode', members: firstHeader((header) => header.write('0000600', 100)), says: 'mode 0600' },
  ],
  'tar-members': [
    { what: 'a stray file', members: (members) => [...members, { name: 'notes.txt', data: Buffer.from('x') }], says: 'not in References' },
    { what: 'a file that is there twice', members: (members) => [...members, members[2]!], says: 'more than once', also: ['tar-order'] },
    {
      what: 'a folder',
      members: (members) => [...members, { name: 'folder', data: Buffer.alloc(0), header: withHeader((header) => header.write('5', 156)) }],
      says: 'no plain file',
    },
    { what: 'no descriptor', members: ([, mf, disk]) => [mf!, disk!], says: 'no .ovf', also: ['tar-order'] },
    {
      what: 'a manifest with another name',
      members: (members) => {
        members[1]!.name = 'other.mf';
        return members;
      },
      says: 'not named like the .ovf',
    },
  ],
  'manifest-present': [{ what: 'no manifest', members: ([ovf, , disk]) => [ovf!, disk!] }],
  'manifest-spelling': [
    { what: 'a space before the bracket', manifest: (text) => swap(text, 'SHA256(', 'SHA256 (') },
    { what: "OpenSSL 3's name", manifest: (text) => swap(text, 'SHA256(', 'SHA2-256(') },
    {
      what: 'upper-case digits',
      manifest: (text) => swap(text, /= .*/, `= ${text.slice(text.indexOf('= ') + 2, text.indexOf('\n')).toUpperCase()}`),
    },
    { what: 'line ends of Windows', manifest: (text) => text.replaceAll('\n', '\r\n') },
    { what: 'SHA-1', manifest: (text) => swap(text, /SHA256(.*)= .*/, `SHA1$1= ${'0'.repeat(40)}`), says: 'SHA-1' },
  ],
  'manifest-coverage': [
    { what: 'the disk is missing', manifest: (text) => `${text.split('\n')[0]}\n`, says: 'tiny-disk1.vmdk is not in' },
    { what: 'itself', manifest: (text) => `${text}SHA256(tiny.mf)= ${'0'.repeat(64)}\n`, also: ['manifest-digest'] },
    { what: 'a line twice', manifest: (text) => text + text.slice(0, text.indexOf('\n') + 1) },
  ],
  'manifest-digest': [
    { what: 'another hash', manifest: (text) => swap(text, /= [0-9a-f]{8}/, '= 00000000'), says: 'tiny.ovf has another hash' },
    {
      what: 'a byte of the disk',
      members: (members) => {
        members[2]!.data[72 * SECTOR] = 1;
        return members;
      },
      says: 'tiny-disk1.vmdk has another hash',
    },
  ],
  certificate: [
    {
      what: 'a signature over something else',
      members: (members, folder) => signed(members, folder, (text) => swap(text, /= ..../, '= 0000')),
      says: 'not that of this manifest',
    },
    {
      what: 'no certificate',
      members: (members, folder) => signed(members, folder, (text) => `${text.split('\n')[0]}\n`),
      says: 'no certificate behind',
    },
    {
      what: 'the name of another manifest',
      members: (members, folder) => signed(members, folder, (text) => swap(text, 'tiny.mf', 'tony.mf')),
    },
    {
      what: 'no manifest',
      members: (members, folder) => signedWell(members, folder).filter(({ name }) => name !== 'tiny.mf'),
      also: ['manifest-present'],
    },
  ],
  'ovf-readable': [
    { what: 'an element that is not closed', xml: xml('</References>', ''), says: 'XML' },
    {
      what: 'far too large',
      xml: (text) => swap(text, '</Envelope>', `<!--${' '.repeat(5 << 20)}--></Envelope>`),
      says: 'more than any descriptor needs',
    },
    { what: 'empty', xml: () => '' },
  ],
  'ovf-version': [
    { what: 'OVF 2', xml: (text) => text.replaceAll('ovf/envelope/1', 'ovf/envelope/2'), says: 'envelope/2' },
    {
      what: 'an element of OVF 2',
      xml: xml('</VirtualHardwareSection>', '<StorageItem/></VirtualHardwareSection>'),
      says: 'StorageItem belongs to OVF 2',
    },
    { what: 'some other XML', xml: () => '<html/>', says: 'no OVF namespace' },
  ],
  'ovf-order': [
    {
      what: 'DiskSection before References',
      xml: (text) => swap(text, /(<References>[\s\S]*<\/References>)\s*(<DiskSection>[\s\S]*<\/DiskSection>)/, '$2$1'),
      says: 'References stands behind DiskSection',
    },
    {
      what: 'the annotation behind the product',
      xml: (text) => swap(text, /(<AnnotationSection>[\s\S]*<\/AnnotationSection>)([\s\S]*)(<\/VirtualSystem>)/, '$2$1$3'),
      says: 'AnnotationSection stands behind ProductSection',
    },
    {
      what: 'no operating system',
      xml: xml(/<OperatingSystemSection[\s\S]*<\/OperatingSystemSection>/, ''),
      says: 'no OperatingSystemSection',
    },
  ],
  'ovf-references': [
    {
      what: 'a file that is not there',
      xml: xml('</References>', '<File ovf:href="x.iso" ovf:id="file9" ovf:size="1"/></References>'),
      says: 'x.iso is missing',
      also: ['manifest-coverage'],
    },
    { what: 'a Disk of no File', xml: xml('ovf:fileRef="file1"', 'ovf:fileRef="file7"'), says: 'no File has that id' },
    { what: 'a drive of no Disk', xml: xml('ovf:/disk/vmdisk1', 'ovf:/disk/vmdisk7'), says: 'ovf:/disk/vmdisk7' },
  ],
  'ovf-file-size': [
    { what: 'another size', xml: xml(/(ovf:id="file1" ovf:size=")/, '$19') },
    { what: 'no size', xml: xml(/(ovf:id="file1") ovf:size="\d+"/, '$1'), says: 'says nothing' },
  ],
  'ovf-capacity': [
    { what: 'another capacity', xml: xml('ovf:capacity="104857600"', 'ovf:capacity="104857601"') },
    {
      what: 'in GiB',
      xml: xml(/ovf:capacity="104857600" ovf:capacityAllocationUnits="byte"/, 'ovf:capacity="1" ovf:capacityAllocationUnits="byte * 2^30"'),
      says: 'byte * 2^30',
    },
    { what: 'none', xml: xml('ovf:capacity="67108864"', ''), says: 'Disk vmdisk2 has the capacity ""' },
  ],
  'ovf-disk-format': [{ what: 'sparse', xml: xml('vmdk.html#streamOptimized', 'vmdk.html#sparse') }],
  'ovf-hardware': [
    {
      what: 'no memory',
      xml: xml('<rasd:ResourceType>4</rasd:ResourceType>', '<rasd:ResourceType>1</rasd:ResourceType>'),
      says: 'no memory',
    },
    {
      what: 'no processors',
      xml: xml('<rasd:ResourceType>3</rasd:ResourceType>', '<rasd:ResourceType>1</rasd:ResourceType>'),
      says: 'no processors',
    },
    {
      what: 'an id twice',
      xml: xml('<rasd:InstanceID>7</rasd:InstanceID>', '<rasd:InstanceID>6</rasd:InstanceID>'),
      says: 'InstanceID 6 is there twice',
    },
    {
      what: 'two disks at one address',
      xml: xml('<rasd:AddressOnParent>1</rasd:AddressOnParent>', '<rasd:AddressOnParent>0</rasd:AddressOnParent>'),
      says: 'Two devices',
    },
    {
      what: "a disk at the controller's own address",
      xml: xml('<rasd:AddressOnParent>1</rasd:AddressOnParent>', '<rasd:AddressOnParent>7</rasd:AddressOnParent>'),
      says: 'address 7',
    },
    { what: 'a disk on no controller', xml: xml('<rasd:Parent>3</rasd:Parent>', '<rasd:Parent>33</rasd:Parent>'), says: 'controller 33' },
  ],
  'ovf-controller': [
    { what: 'pvscsi in the wrong case', xml: xml('>VirtualSCSI<', '>virtualscsi<'), says: 'virtualscsi' },
    { what: 'LSI Logic in the wrong case', xml: xml('>VirtualSCSI<', '>LsiLogic<'), says: 'LsiLogic' },
    {
      what: 'NVMe before vmx-13',
      xml: (text) => swap(swap(nvme(text), 'vmx-13', 'vmx-11'), 'debian10', 'debian9'),
      says: 'NVMe is there from vmx-13 on',
    },
    {
      what: 'AHCI before vmx-10',
      xml: (text) => swap(swap(ahci(text), 'vmx-13', 'vmx-09'), 'debian10', 'debian9'),
      says: 'AHCI is there from vmx-10 on',
      also: ['ovf-hardware-version'],
    },
  ],
  'ovf-network': [
    { what: 'a network that is not there', xml: xml('<rasd:Connection>VM Network<', '<rasd:Connection>LAN<'), says: 'LAN' },
    { what: 'an unknown adapter', xml: xml('>VmxNet3<', '>virtio<'), says: 'virtio' },
  ],
  'ovf-optional-config': [{ what: 'a key that must be understood', xml: xml('<vmw:Config ovf:required="false"', '<vmw:Config') }],
  'ovf-extra-config': [
    {
      what: 'a key off the list',
      xml: xml('<vmw:Config', '<vmw:ExtraConfig ovf:required="false" vmw:key="isolation.x" vmw:value="1"/><vmw:Config'),
    },
  ],
  'ovf-config-keys': [{ what: 'a key that nobody has seen work', xml: xml('tools.afterPowerOn', 'nestedHVEnabled') }],
  'ovf-hardware-version': [
    { what: '12', xml: (text) => swap(swap(text, 'vmx-13', 'vmx-12'), 'debian10', 'debian9'), says: 'no ESXi' },
    { what: 'too old', xml: (text) => swap(swap(text, 'vmx-13', 'vmx-09'), 'debian10', 'debian9'), says: 'older than ESXi 6.0' },
    { what: 'too new', xml: xml('vmx-13', 'vmx-21'), says: 'ESXi 8' },
    { what: 'none', xml: xml(/<vssd:VirtualSystemType>.*<\/vssd:VirtualSystemType>/, ''), says: 'no VirtualSystemType' },
  ],
  'ovf-guest-os': [
    { what: 'a system that the version lacks', xml: xml('debian10_64Guest', 'debian12_64Guest'), says: 'vmx-20' },
    { what: 'ours at an earlier version', xml: xml('vmx-13', 'vmx-11'), says: 'debian10_64Guest is there from vmx-13 on' },
    { what: 'none', xml: xml(' vmw:osType="debian10_64Guest"', ''), says: 'no vmw:osType' },
  ],
  'ovf-nvram': [
    {
      what: 'firmware variables',
      xml: xml('</References>', '<File ovf:href="tiny.nvram" ovf:id="file2" ovf:size="1"/></References>'),
      members: (members) => withManifest([...members, { name: 'tiny.nvram', data: Buffer.from('x') }]),
    },
  ],
  'ovf-boot': [
    { what: 'BIOS without boot code', disk: (vmdk) => withFirstGrain(vmdk, (grain) => grain.fill(0, 0, 440)), says: 'holds no boot code' },
    {
      what: 'EFI without an EFI system partition',
      xml: xml('<vmw:Config', '<vmw:Config ovf:required="false" vmw:key="firmware" vmw:value="efi"/><vmw:Config'),
      disk: (vmdk) => withFirstGrain(vmdk, (grain) => grain.fill(1, 1024, 1040)),
      says: 'no EFI system partition',
    },
  ],
  'property-transport': [
    { what: 'none', xml: xml(' ovf:transport="com.vmware.guestInfo iso"', ''), says: 'never reach' },
    {
      what: 'iso without a drive',
      xml: xml(/<Item ovf:required="false">\s*<rasd:AddressOnParent>0[\s\S]*?<\/Item>/, ''),
      says: 'needs a CD drive',
    },
  ],
  'property-keys': [
    { what: 'a key twice', xml: xml('ovf:key="unit.secret"', 'ovf:key="unit.domain"'), says: 'unit.domain is there twice' },
    { what: 'no key', xml: xml('ovf:key="unit.secret"', ''), says: 'no key' },
  ],
  'property-cloud-init': [
    { what: 'hostname', xml: xml('unit.domain', 'hostname'), says: 'the property hostname' },
    { what: 'one instance-id for all', xml: xml(/unit.domain(.*)ovf:value=""/, 'instance-id$1ovf:value="id-1"'), says: 'Every clone' },
  ],
  'property-input': [
    { what: 'nobody is asked', xml: xml(/(unit.domain.*) ovf:userConfigurable="true"/, '$1'), says: 'nobody is asked' },
    { what: 'no label', xml: xml('<Label>01. Domain</Label>', ''), says: 'has no label' },
  ],
  'property-label-order': [{ what: 'labels without numbers', xml: xml('<Label>02. Password<', '<Label>00. Password<') }],
  'property-types': [
    { what: 'an unknown type', xml: xml(PROPERTY, 'ovf:key="unit.domain" ovf:type="text"'), says: '"text"' },
    { what: 'an unknown qualifier', xml: xml('MaxLen(64)', 'Longest(64)'), says: 'Longest(64)' },
    {
      what: 'a default that is too long',
      xml: xml(/(unit.domain.*)ovf:value=""/, `$1ovf:value="${'x'.repeat(65536)}"`),
      says: '65536 characters',
    },
    { what: 'a password for everybody', xml: xml(/(unit.secret.*)ovf:value=""/, '$1ovf:value="admin"'), says: 'everybody can read' },
    {
      what: 'a number that is none',
      xml: xml(/(unit.domain" ovf:type=")string(.*)ovf:value=""/, '$1uint16$2ovf:value="many"'),
      says: 'does not fit',
    },
    {
      what: 'a choice that is none',
      xml: xml(/(unit.domain") (.*)ovf:value=""/, `$1 ovf:qualifiers="ValueMap{&quot;a&quot;,&quot;b&quot;}" $2ovf:value="c"`),
      says: 'does not fit',
    },
  ],
  'vmdk-header': [
    { what: 'version 1', disk: bytes((vmdk) => vmdk.writeUInt32LE(1, 4)), says: 'version is 1' },
    { what: 'line ends changed on the way', disk: bytes((vmdk) => vmdk.write('\n \n\n', 73, 'latin1')), says: 'transferred as text' },
    { what: 'in use', disk: bytes((vmdk) => vmdk.writeUInt8(1, 72)), says: 'not closed properly' },
    { what: 'no markers', disk: bytes((vmdk) => vmdk.writeUInt32LE(0x10001, 8)), says: '0x10001' },
    { what: 'other grains', disk: bytes((vmdk) => vmdk.writeUInt32LE(256, 20)), says: '256 sectors' },
    { what: 'other tables', disk: bytes((vmdk) => vmdk.writeUInt32LE(1024, 44)), says: '1024 entries' },
    { what: 'no compression', disk: bytes((vmdk) => vmdk.writeUInt16LE(0, 77)), says: 'compression is 0' },
    {
      what: 'half a grain',
      disk: bytes((vmdk) => vmdk.writeUInt32LE(vmdk.readUInt32LE(12) + 1, 12)),
      says: 'no multiple of a grain',
      also: ['ovf-capacity', 'vmdk-extent'],
    },
    {
      what: 'a size beyond all measure',
      disk: bytes((vmdk) => vmdk.writeUInt32LE(1 << 20, 16)),
      says: 'above 62 TiB',
      also: ['ovf-capacity', 'vmdk-extent'],
    },
    { what: 'no VMDK at all', disk: bytes((vmdk) => vmdk.write('QFI\xfb', 0, 'latin1')), says: 'KDMV' },
  ],
  'vmdk-descriptor': [
    { what: 'a sparse disk of Workstation', disk: descriptor('streamOptimized"', 'monolithicSparse') },
    { what: 'an adapter', disk: descriptor('"lsilogic"', '"buslogic"'), says: 'buslogic' },
    { what: 'a parent', disk: descriptor('parentCID=ffffffff', 'parentCID=12345678'), says: 'parentCID' },
    { what: 'geometry', disk: descriptor('heads = "255"', 'heads = "016"'), says: 'heads' },
    { what: 'none at sector 1', disk: bytes((vmdk) => vmdk.writeUInt32LE(2, 28)), says: 'no text descriptor' },
  ],
  'vmdk-extent': [
    { what: 'another size', disk: descriptor('RW 204800', 'RW 204801'), says: '204801' },
    { what: 'another name', disk: descriptor('tiny-disk1.vmdk', 'temp-disk1.vmdk'), says: 'temp-disk1.vmdk' },
    { what: 'another kind', disk: descriptor('SPARSE "', 'FLATTT "'), says: 'FLATTT' },
    { what: 'no extent', disk: descriptor('RW 204800', '## 204800'), says: '0 extents' },
  ],
  'vmdk-tools': [{ what: 'no tools', disk: descriptor('toolsInstallType = "4"', 'toolsInstallType = "0"') }],
  'vmdk-grain-order': [
    { what: 'grains that go back', disk: bytes(swapGrains), says: 'stands behind', also: ['vmdk-tables'] },
    {
      what: 'a grain off the grid',
      disk: bytes((vmdk) => vmdk.writeUInt32LE(2049, grainOffsets(vmdk)[1]!)),
      says: 'no multiple of 128',
      also: ['vmdk-tables'],
    },
    {
      what: 'a grain beyond the disk',
      disk: bytes((vmdk) => vmdk.writeUInt32LE(204800, grainOffsets(vmdk).at(-1)!)),
      says: 'beyond',
      also: ['vmdk-tables'],
    },
  ],
  'vmdk-grain-data': [
    {
      what: 'a byte of a grain',
      disk: bytes((vmdk) => vmdk.fill(0xff, grainOffsets(vmdk)[1]! + 12, grainOffsets(vmdk)[1]! + 20)),
      says: 'does not unpack',
    },
    { what: 'a grain that is too short', disk: bytes((vmdk) => replaceLastGrain(vmdk, Buffer.alloc(4096, 1))), says: 'does not unpack' },
    { what: 'a grain that is too long', disk: bytes((vmdk) => replaceLastGrain(vmdk, Buffer.alloc(65537, 1))), says: 'does not unpack' },
    {
      what: 'a length beyond all measure',
      disk: bytes((vmdk) => vmdk.writeUInt32LE(0xfffffff0, grainOffsets(vmdk)[1]! + 8)),
      says: 'more than any has',
      also: ['vmdk-ending', 'vmdk-tables'],
    },
  ],
  'vmdk-zero-grains': [{ what: 'an empty grain', disk: (vmdk) => withFirstGrain(vmdk, (grain) => grain.fill(0)), also: ['ovf-boot'] }],
  'vmdk-ending': [
    {
      what: 'no end-of-stream marker',
      disk: (vmdk) => vmdk.subarray(0, vmdk.length - SECTOR),
      says: 'without an end-of-stream marker',
      also: ['vmdk-tables'],
    },
    {
      what: 'more behind the end',
      disk: (vmdk) => Buffer.concat([vmdk, Buffer.alloc(SECTOR)]),
      says: 'more behind',
      also: ['vmdk-tables'],
    },
    { what: 'an unknown marker', disk: bytes((vmdk) => vmdk.writeUInt32LE(9, vmdk.length - 3 * SECTOR + 12)), says: 'unknown type 9' },
    {
      what: 'no footer',
      disk: (vmdk) => Buffer.concat([vmdk.subarray(0, -3 * SECTOR), vmdk.subarray(-SECTOR)]),
      says: 'there is none',
      also: ['vmdk-tables'],
    },
  ],
  'vmdk-tables': [
    { what: 'an entry of a table', disk: bytes((vmdk) => vmdk.writeUInt32LE(7, tablesAndDirectory(vmdk).table)), says: 'sector 0 ' },
    {
      what: 'an entry of the directory',
      disk: bytes((vmdk) => vmdk.writeUInt32LE(0, tablesAndDirectory(vmdk).directory + 8)),
      says: 'sector 143360 ',
    },
    {
      what: 'an entry of a hole',
      disk: bytes((vmdk) => vmdk.writeUInt32LE(tablesAndDirectory(vmdk).table / SECTOR, tablesAndDirectory(vmdk).directory + 4)),
    },
  ],
};

function nvme(ovf: string): string {
  return onSata(ovf, 'vmware.nvme.controller');
}

function ahci(ovf: string): string {
  return onSata(ovf, 'vmware.sata.ahci');
}

function onSata(ovf: string, subType: string): string {
  const item = `<rasd:ResourceSubType>${subType}</rasd:ResourceSubType>\n        <rasd:ResourceType>20<`;
  return swap(ovf, /<rasd:ResourceSubType>VirtualSCSI<\/rasd:ResourceSubType>\s*<rasd:ResourceType>6</, item);
}

function withManifest(members: Member[]): Member[] {
  return members.map((member) => (member.name === 'tiny.mf' ? { ...member, data: Buffer.from(manifestOf(members)) } : member));
}

/** The first grain, unpacked, changed and packed again into its own room: zlib streams end by themselves. */
function withFirstGrain(vmdk: Buffer, change: (grain: Buffer) => void): Buffer {
  const size = vmdk.readUInt32LE(FIRST_GRAIN + 8);
  const grain = inflateSync(vmdk.subarray(FIRST_GRAIN + 12, FIRST_GRAIN + 12 + size));
  change(grain);
  const stream = deflateSync(grain, { level: 9 });
  const room = Math.ceil((12 + size) / SECTOR) * SECTOR - 12;
  if (stream.length > room) throw new Error('the changed grain does not fit');
  vmdk.fill(0, FIRST_GRAIN + 12, FIRST_GRAIN + 12 + room);
  stream.copy(vmdk, FIRST_GRAIN + 12);
  vmdk.writeUInt32LE(stream.length, FIRST_GRAIN + 8);
  return vmdk;
}

/** What the changes of `xml` and `disk` leave: sizes, then the manifest. */
export function settle(members: Member[], { disk, xml: change, manifest }: Breakage): Member[] {
  const [ovf, mf, vmdk] = members as [Member, Member, Member];
  if (disk !== undefined) vmdk.data = disk(vmdk.data);
  const sized = ovf.data.toString().replace(/(ovf:id="file1" ovf:size=")\d+/, `$1${vmdk.data.length}`);
  ovf.data = Buffer.from(change === undefined ? sized : change(sized));
  const text = manifestOf(members);
  mf.data = Buffer.from(manifest === undefined ? text : manifest(text));
  return members;
}
