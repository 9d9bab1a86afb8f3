/** The OVA on real bytes: its tar by GNU tar and bsdtar, its descriptor by libxml2, its text by the order of the OVF schema. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DOMParser, type Element } from '@xmldom/xmldom';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { loadImage } from '../../../builder/definition/load.ts';
import { ovfDescriptor } from '../../../builder/formats/ova/descriptor.ts';
import { CONTROLLERS, NICS, type OvfOptions, PROFILES } from '../../../builder/formats/ova/options.ts';
import { ovfOptions as definedOptions } from '../../../builder/stages/package.ts';
import { testContext } from '../../helpers/context.ts';
import { runs } from '../../helpers/runs.ts';
import { membersOf, ovfOptions, packTiny, readOva, sha256, tinyDisk } from '../../helpers/tiny-ova.ts';
import { folderOf } from '../../unit/definition/folder-of.ts';

const folder = mkdtempSync(join(tmpdir(), 'ova-'));
const disk = join(folder, 'disk.raw');
const MEMBERS = ['tiny.ovf', 'tiny.mf', 'tiny-disk1.vmdk'];
let out: string;
let ova: Buffer;

beforeAll(async () => {
  tinyDisk(disk);
  out = await packTiny(disk, ovfOptions(), { ovaFolder: true });
  ova = readOva(out);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const sh = (program: string, args: string[], input?: string): string =>
  execFileSync(program, args, {
    encoding: 'utf8',
    cwd: folder,
    env: { ...process.env, TZ: 'UTC' },
    ...(input === undefined ? {} : { input }),
  });

/** Of libxml2-utils; nothing but these tests needs it. */
const xmllint = spawnSync('xmllint', ['--version']).error === undefined;

describe('the archive', () => {
  it.each(['tar', 'bsdtar'])('%s reads what went in', (program) => {
    const file = join(out, 'tiny.ova');
    expect(sh(program, ['-tf', file]).trim().split('\n')).toEqual(MEMBERS);
    const into = join(folder, program);
    mkdirSync(into);
    sh(program, ['-xf', file, '-C', into]);
    for (const name of MEMBERS) {
      expect(readFileSync(join(into, name)).equals(readFileSync(join(out, 'tiny-ova', name)))).toBe(true);
      expect(statSync(join(into, name)).mode & 0o777).toBe(0o644);
    }
    expect(sh(program, ['-tvf', file, '--numeric-owner'])).toMatch(/^-rw-r--r-- +0[ /]+0? .*tiny\.ovf$/m);
  });

  it('has ustar headers and no other', () => {
    let at = 0;
    for (const { name, data } of membersOf(ova)) {
      expect({ name, magic: ova.toString('latin1', at + 257, at + 265), type: ova.toString('latin1', at + 156, at + 157) }).toEqual({
        name,
        magic: 'ustar\u000000',
        type: '0',
      });
      at += 512 + Math.ceil(data.length / 512) * 512;
    }
    expect(ova.subarray(at)).toEqual(Buffer.alloc(1024));
  });

  it('has a manifest that sha256sum confirms', () => {
    const lines = readFileSync(join(out, 'tiny-ova', 'tiny.mf'), 'utf8')
      .trimEnd()
      .split('\n');
    const sums = lines.map((line) => line.replace(/^SHA256\((.*)\)= (.*)$/, '$2  $1'));
    expect(sums.map((line) => line.slice(66))).toEqual(['tiny.ovf', 'tiny-disk1.vmdk']);
    sh(
      'sha256sum',
      ['--check', '--strict', '--quiet', '-'],
      `${sums.map((line) => line.replace('  ', `  ${out}/tiny-ova/`)).join('\n')}\n`,
    );
  });

  it('has the same bytes every time', async () => {
    expect(sha256(readOva(await packTiny(disk, ovfOptions())))).toBe(sha256(ova));
  });
});

const DISK = { fileName: 'tiny-disk1.vmdk', size: 70_000, capacity: 104_857_600, populated: 65_536 };

function parsed(text: string): Element {
  const problems: string[] = [];
  const parser = new DOMParser({ onError: (_level, message) => void problems.push(message) });
  const root = parser.parseFromString(text, 'text/xml').documentElement;
  expect(problems).toEqual([]);
  return root as Element;
}

const childrenOf = (element: Element): Element[] => [...element.childNodes].filter((node): node is Element => node.nodeType === 1);
const below = (root: Element, name: string): Element[] => [...root.getElementsByTagName(name)];

/** Order of children in DSP8023 1.1 (dsp8023_1.1.1.xsd), as far as a descriptor of ours has them. */
const SCHEMA_ORDER: Record<string, string[]> = {
  Envelope: ['References', 'DiskSection', 'NetworkSection', 'VirtualSystem'],
  DiskSection: ['Info', 'Disk'],
  NetworkSection: ['Info', 'Network'],
  VirtualSystem: ['Info', 'Name', 'OperatingSystemSection', 'VirtualHardwareSection', 'AnnotationSection', 'EulaSection', 'ProductSection'],
  OperatingSystemSection: ['Info', 'Description'],
  VirtualHardwareSection: ['Info', 'System', 'Item', 'vmw:Config'],
  AnnotationSection: ['Info', 'Annotation'],
  EulaSection: ['Info', 'License'],
  Property: ['Label', 'Description'],
};
const PRODUCT = ['Info', 'Product', 'Vendor', 'Version', 'FullVersion', 'ProductUrl', 'VendorUrl', 'Category', 'Property'];

/** Every combination of what changes the shape of a descriptor. */
const SHAPES: Partial<OvfOptions>[] = PROFILES.flatMap((profile) =>
  CONTROLLERS.flatMap((controller) =>
    NICS.map((nic, index) => ({ profile, controller, nic, cdrom: index > 0, firmware: index > 1 ? ('efi' as const) : ('bios' as const) })),
  ),
);

describe('the descriptor', () => {
  it.each(SHAPES)('is well-formed and in the order of the schema with %j', (shape) => {
    const product = {
      title: 'Tiny',
      version: '1',
      vendor: 'Example',
      vendorUrl: 'https://example.org/?a=1&b=2',
      productUrl: 'https://example.org',
    };
    const text = ovfDescriptor(DISK, ovfOptions({ ...shape, product }));
    const root = parsed(text);
    for (const [name, order] of Object.entries(SCHEMA_ORDER)) {
      for (const element of name === 'Envelope' ? [root] : below(root, name)) {
        const ranks = childrenOf(element).map(({ nodeName }) => order.indexOf(nodeName));
        expect({ name, ranks }).toEqual({ name, ranks: ranks.toSorted((a, b) => a - b) });
        expect({ name, unknown: ranks.includes(-1) }).toEqual({ name, unknown: false });
      }
    }
    // Behind VendorUrl categories and properties alternate as they like.
    const product1 = childrenOf(below(root, 'ProductSection')[0]!).map(({ nodeName }) => Math.min(PRODUCT.indexOf(nodeName), 7));
    expect(product1).toEqual(product1.toSorted((a, b) => a - b));
    // CIM's schemas have the properties of a class in alphabetical order.
    for (const element of [...below(root, 'Item'), ...below(root, 'System')]) {
      const names = childrenOf(element).map(({ localName }) => localName ?? '');
      expect(names).toEqual(names.toSorted());
    }
    const ids = below(root, 'rasd:InstanceID').map(({ textContent }) => textContent);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it.skipIf(!xmllint).each(PROFILES)('for %s is well-formed to xmllint (needs xmllint)', (profile) => {
    sh('xmllint', ['--nonet', '--noout', '-'], ovfDescriptor(DISK, ovfOptions({ profile })));
  });

  it.each(PROFILES)('for %s is the same text for the same options', (profile) => {
    const text = ovfDescriptor(DISK, ovfOptions({ profile }));
    expect(ovfDescriptor(DISK, ovfOptions({ profile }))).toBe(text);
  });

  it('says what the facts of the disk are', () => {
    const root = parsed(ovfDescriptor(DISK, ovfOptions()));
    const file = below(root, 'File')[0];
    const [first, second] = below(root, 'Disk');
    expect(file!.getAttribute('ovf:size')).toBe('70000');
    expect(first!.getAttribute('ovf:capacity')).toBe('104857600');
    expect(first!.getAttribute('ovf:fileRef')).toBe(file!.getAttribute('ovf:id'));
    expect(second!.getAttribute('ovf:capacity')).toBe(String(64 * 2 ** 20));
    expect(second!.hasAttribute('ovf:fileRef')).toBe(false);
  });

  it.each([
    [PROFILES[0], 'debian', '96', 'debian10_64Guest', /^Debian GNU\/Linux/],
    [PROFILES[0], 'ubuntu', '94', 'ubuntu64Guest', /^Ubuntu/],
    [PROFILES[1], 'debian', '96', '', /^Debian GNU\/Linux/],
    [PROFILES[1], 'ubuntu', '94', '', /^Ubuntu/],
  ] as const)('for %s says that %s is in it', (profile, system, cim, vmware, description) => {
    const section = below(parsed(ovfDescriptor(DISK, ovfOptions({ profile, system }))), 'OperatingSystemSection')[0]!;
    expect(section.getAttribute('ovf:id')).toBe(cim);
    expect(section.getAttribute('vmw:osType') ?? '').toBe(vmware);
    expect(below(section, 'Description')[0]?.textContent).toMatch(description);
  });

  it.each(['debian', 'ubuntu'] as const)('takes the system from the base of a definition: %s', async (distribution) => {
    const image = await loadImage(
      await folderOf({ replace: [['distribution: debian', `distribution: ${distribution}`]] }),
      testContext().ctx,
    );
    const options = { compression: 'zstd', ovaFolder: false, ovaOptions: [], ovf: { profile: 'vmware' } } as const;
    expect((await definedOptions({ image, options })).system).toBe(distribution);
  });

  it('holds any text as it is', () => {
    const anything = fc.string({
      unit: fc.oneof(fc.constantFrom(...'<>&"\'`={}$%\n\t\\é語'), fc.string({ minLength: 1, maxLength: 1, unit: 'binary' })),
    });
    /** What XML cannot hold is left out; line ends are those of XML. */
    const held = (text: string): string => text.replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '');
    const inText = (text: string): string => held(text).replaceAll(/\r\n?/g, '\n');
    fc.assert(
      fc.property(anything, anything, anything, (annotation, eula, value) => {
        const property = { ...ovfOptions().properties[0]!, label: annotation, value };
        const root = parsed(ovfDescriptor(DISK, ovfOptions({ annotation, eula: `${eula}.`, properties: [property] })));
        expect(below(root, 'Annotation')[0]?.textContent).toBe(inText(annotation));
        expect(below(root, 'License')[0]?.textContent).toBe(inText(`${eula}.`));
        expect(below(root, 'Property')[0]?.getAttribute('ovf:value')).toBe(held(value));
        expect(below(root, 'Label')[0]?.textContent).toBe(`01. ${inText(annotation)}`);
      }),
      runs(60),
    );
  });

  it.skipIf(!xmllint)('holds a licence with form feeds and a PEM as a default (needs xmllint)', () => {
    const pem = '-----BEGIN CERTIFICATE-----\nMIIB\r\n-----END CERTIFICATE-----\n';
    const property = { ...ovfOptions().properties[0]!, value: pem };
    const text = ovfDescriptor(DISK, ovfOptions({ eula: 'page one\fpage two', properties: [property] }));
    writeFileSync(join(folder, 'x.ovf'), text);
    expect(sh('xmllint', ['--xpath', 'string(//*[local-name()="License"])', 'x.ovf'])).toBe('page onepage two\n');
    expect(sh('xmllint', ['--xpath', 'string(//*[local-name()="Property"]/@*[local-name()="value"])', 'x.ovf'])).toBe(`${pem}\n`);
  });
});
