import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bakeTemplate, kernelCommandLine } from '../../../../builder/stages/bake/template.ts';
import { hclLiteral, templateText } from '../../../../builder/tools/packer/template.ts';

const bake = {
  image: { name: 'sphere', version: '1.2.3' },
  acceleration: { kind: 'tcg', cpuModel: 'max', reason: '', timeoutFactor: 8 },
  cpus: 2,
  memoryMiB: 1536,
  diskBytes: 6 * 2 ** 30,
  overlaySha256: 'a'.repeat(64),
  rootUuid: '11111111-2222-8333-8444-555555555555',
  tmpfiles: 'd /run/x 0700 root root -\n',
  sshPort: 40022,
  communicatorPort: 40023,
  sshTimeoutSeconds: 720,
  scripts: ['10-first', '20-second'],
} as const;

describe('templateText', () => {
  const parse = (plugins: boolean) => JSON.parse(templateText(bakeTemplate(bake), plugins));

  it('names no plugin for 1.6, which has the builder inside and refuses the block', () => {
    expect(parse(false).packer).toBeUndefined();
  });

  it('names the plugin and its source for 1.7 and later', () => {
    expect(parse(true).packer.required_plugins.qemu.source).toBe('github.com/hashicorp/qemu');
    expect(parse(true).source).toEqual(parse(false).source);
  });

  it('lets nothing out of the guest, and only loopback in', () => {
    const args: string[][] = parse(false).source.qemu.unit.qemuargs;
    const netdev = args.find(([option]) => option === '-netdev');
    expect(netdev?.[1]).toBe('user,id=user.0,restrict=on,hostfwd=tcp:127.0.0.1:40022-:22');
  });

  it('leaves the accelerator to Packer: -accel beside its -machine makes QEMU refuse', () => {
    const source = parse(false).source.qemu.unit;
    expect(source.accelerator).toBe('tcg');
    expect(source.qemuargs.map(([option]: string[]) => option)).not.toContain('-accel');
  });

  it('uploads the payload first, runs the scripts in order, then GRUB, and seals last', () => {
    const steps = parse(false).build[0].provisioner.map(
      (step: { file?: object; shell?: { script: string } }) => step.shell?.script ?? 'file',
    );
    expect(steps).toEqual(['file', 'bake/unpack.sh', 'scripts/10-first', 'scripts/20-second', 'bake/boot-loader.sh', 'bake/seal.sh']);
  });

  it('has only paths relative to its folder', () => {
    const text = templateText(bakeTemplate(bake), false);
    for (const [, path] of text.matchAll(/"(?:iso_url|script|source|ssh_private_key_file|output_directory)": "([^"]*)"/g)) {
      expect(path).not.toMatch(/^\//);
    }
  });
});

describe('kernelCommandLine', () => {
  it('starts no service of the product, and is no first boot', () => {
    const words = kernelCommandLine('ROOT').split(' ');
    expect(words).toEqual(expect.arrayContaining(['root=UUID=ROOT', 'systemd.unit=sysinit.target', 'cloud-init=disabled']));
    expect(words).toContain('systemd.condition_first_boot=no');
    expect(words).toContain('systemd.mask=systemd-random-seed.service');
  });

  it('ends its addresses with off, which is what initramfs-tools heeds', () => {
    const addresses = kernelCommandLine('ROOT')
      .split(' ')
      .filter((word) => word.startsWith('ip='));
    expect(addresses.at(-1)).toBe('ip=off');
    expect(addresses.length).toBe(2);
  });
});

describe('hclLiteral', () => {
  it('makes HCL read back what was written', () => {
    const read = (text: string): string => text.replace(/([$%])\1\{/g, '$1{');
    fc.assert(
      fc.property(fc.array(fc.constantFrom('${', '%{', 'a', '}', '{{', ' '), { maxLength: 12 }), (parts) => {
        const text = parts.join('');
        expect(read(hclLiteral(text))).toBe(text);
        expect(hclLiteral(text)).not.toMatch(/(^|[^$])\$\{/);
      }),
    );
  });
});
