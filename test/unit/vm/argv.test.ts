import { describe, expect, test } from 'vitest';

import { forwardRule, type MachineFiles, optionValue, qemuArgv } from '../../../builder/vm/argv.ts';
import { CONTROLLERS, lanMacOf, type MachineSpec, macOf, NICS } from '../../../builder/vm/spec.ts';

const spec: MachineSpec = {
  name: 'trial',
  firmware: 'bios',
  controller: 'pvscsi',
  nic: 'vmxnet3',
  cpus: 2,
  memoryMiB: 2048,
  disk: { path: '/tmp/a, b.qcow2', format: 'qcow2' },
  uuid: '92f566e2-4110-4a9d-9ac3-f13c6c06ca8f',
};
const files: MachineFiles = {
  accelerator: 'tcg',
  cpuModel: 'max',
  serialLog: '/tmp/x/serial.log',
  qmpSocket: '/tmp/x/qmp',
  forwards: new Map([[22, 40022]]),
};

/** Values of every occurrence of an option. */
function values(argv: readonly string[], option: string): string[] {
  return argv.flatMap((word, index) => (word === option ? [argv[index + 1] ?? ''] : []));
}

describe('qemuArgv', () => {
  test.each([
    ['pvscsi', ['pvscsi,id=disks', 'scsi-hd,drive=disk0,serial=disk0,bus=disks.0,scsi-id=0,bootindex=1']],
    ['ahci', ['ich9-ahci,id=disks', 'ide-hd,drive=disk0,serial=disk0,bus=disks.0,bootindex=1']],
    ['nvme', ['nvme,drive=disk0,serial=disk0,bootindex=1']],
    ['virtio-scsi', ['virtio-scsi-pci,id=disks', 'scsi-hd,drive=disk0,serial=disk0,bus=disks.0,scsi-id=0,bootindex=1']],
    ['virtio-blk', ['virtio-blk-pci,drive=disk0,serial=disk0,bootindex=1']],
    ['lsisas1068', ['mptsas1068,id=disks', 'scsi-hd,drive=disk0,serial=disk0,bus=disks.0,scsi-id=0,wwn=0x5000000000000001,bootindex=1']],
  ] as const)('%s', (controller, devices) => {
    const all = values(qemuArgv({ ...spec, controller }, files), '-device');
    expect(all.filter((device) => device !== 'VGA' && !device.startsWith('vmxnet3'))).toEqual([...devices]);
  });

  test('every controller and NIC has a row here', () => {
    expect(CONTROLLERS).toHaveLength(6);
    expect(NICS).toEqual(['vmxnet3', 'e1000', 'virtio']);
  });

  test.each([
    ['vmxnet3', 'vmxnet3,netdev=user0,mac=52:54:00:06:ca:8f,romfile='],
    ['e1000', 'e1000,netdev=user0,mac=52:54:00:06:ca:8f,romfile='],
    ['virtio', 'virtio-net-pci,netdev=user0,mac=52:54:00:06:ca:8f,romfile='],
  ] as const)('NIC %s', (nic, device) => {
    expect(values(qemuArgv({ ...spec, nic }, files), '-device').at(-1)).toBe(device);
  });

  test('the network is always restricted and forwards bind to loopback only', () => {
    const argv = qemuArgv(spec, {
      ...files,
      forwards: new Map([
        [22, 40022],
        [443, 40443],
      ]),
    });
    expect(values(argv, '-netdev')).toEqual(['user,id=user0,restrict=on,hostfwd=tcp:127.0.0.1:40022-:22,hostfwd=tcp:127.0.0.1:40443-:443']);
    expect(forwardRule(80, 1080)).toBe('tcp:127.0.0.1:1080-:80');
    expect(forwardRule(80, 1080, '10.0.2.40')).toBe('tcp:127.0.0.1:1080-10.0.2.40:80');
  });

  test('a cable to nobody is a hub with nothing else on it', () => {
    const argv = qemuArgv({ ...spec, alone: true }, files);
    expect(values(argv, '-netdev')).toEqual(['hubport,id=net0,hubid=0']);
    expect(values(argv, '-device').at(-1)).toMatch(/^vmxnet3,netdev=net0,/);
  });

  test('a network of machines is a second card with an address of its own, on loopback', () => {
    const argv = qemuArgv({ ...spec, lan: 40999 }, files);
    expect(values(argv, '-netdev').at(-1)).toBe('socket,id=lan0,mcast=239.77.0.1:40999,localaddr=127.0.0.1');
    expect(values(argv, '-device').slice(-2)).toEqual([
      expect.stringContaining(macOf(spec.uuid)),
      expect.stringContaining(lanMacOf(spec.uuid)),
    ]);
    expect(lanMacOf(spec.uuid)).not.toBe(macOf(spec.uuid));
  });

  test.each([
    [undefined, true],
    [true, false],
  ])('a disk with durable=%s has flushes ignored: %s', (durable, ignored) => {
    const disk = { ...spec.disk, ...(durable === undefined ? {} : { durable }) };
    const [node] = values(qemuArgv({ ...spec, disk }, files), '-blockdev').map((json) => JSON.parse(json) as Record<string, unknown>);
    expect(node).toMatchObject({ cache: { 'no-flush': ignored }, file: { cache: { 'no-flush': true } } });
  });

  test('servers of the host are reached at an address of their own', () => {
    const argv = qemuArgv({ ...spec, servers: [{ address: '10.0.2.100', port: 25, hostPort: 2525 }] }, files);
    expect(values(argv, '-netdev')).toEqual([
      'user,id=user0,restrict=on,hostfwd=tcp:127.0.0.1:40022-:22,guestfwd=tcp:10.0.2.100:25-cmd:nc 127.0.0.1 2525',
    ]);
  });

  test('a scan joins the guest, the user network and our link on a hub', () => {
    const argv = qemuArgv({ ...spec, scan: true }, { ...files, linkPort: 5555 });
    expect(values(argv, '-netdev')).toEqual([
      'user,id=user0,restrict=on,hostfwd=tcp:127.0.0.1:40022-:22',
      'dgram,id=link0,local.type=inet,local.host=127.0.0.1,local.port=0,remote.type=inet,remote.host=127.0.0.1,remote.port=5555',
      'hubport,id=hub0,hubid=0,netdev=user0',
      'hubport,id=hub1,hubid=0,netdev=link0',
      'hubport,id=net0,hubid=0',
    ]);
    expect(values(argv, '-device').at(-1)).toMatch(/^vmxnet3,netdev=net0,/);
  });

  test('UEFI gets its code read-only and variables of its own', () => {
    const argv = qemuArgv(
      { ...spec, firmware: 'uefi' },
      { ...files, ovmf: { code: '/usr/share/OVMF/CODE.fd', variables: '/tmp/x/vars.fd' } },
    );
    expect(values(argv, '-machine')).toEqual(['q35,accel=tcg,pflash0=code,pflash1=variables']);
    const nodes = values(argv, '-blockdev').map((json) => JSON.parse(json) as Record<string, unknown>);
    expect(nodes[0]).toMatchObject({ 'node-name': 'code', 'read-only': true });
    expect(nodes[1]).toMatchObject({ 'node-name': 'variables', file: { filename: '/tmp/x/vars.fd' } });
    expect(nodes[1]).not.toHaveProperty('read-only');
  });

  test('BIOS has no flash, KVM its own accelerator and CPU model', () => {
    const argv = qemuArgv(spec, { ...files, accelerator: 'kvm', cpuModel: 'host' });
    expect(values(argv, '-machine')).toEqual(['q35,accel=kvm']);
    expect(values(argv, '-cpu')).toEqual(['host']);
  });

  test('disks, data disks and CDs keep their order, whatever is in their names', () => {
    const argv = qemuArgv({ ...spec, dataDisks: [{ path: '/tmp/d.raw', format: 'raw' }], cdroms: ['/tmp/seed, 1.iso'] }, files);
    const nodes = values(argv, '-blockdev').map((json) => JSON.parse(json) as { file: { filename: string }; driver: string });
    expect(nodes.map((node) => [node.driver, node.file.filename])).toEqual([
      ['qcow2', '/tmp/a, b.qcow2'],
      ['raw', '/tmp/d.raw'],
      ['raw', '/tmp/seed, 1.iso'],
    ]);
    const devices = values(argv, '-device');
    expect(devices).toContain('scsi-hd,drive=disk1,serial=disk1,bus=disks.0,scsi-id=1');
    expect(devices).toContain('ide-cd,drive=cd0,bus=ide.0');
    expect(devices.filter((device) => device.includes('bootindex'))).toHaveLength(1);
  });

  test('credentials go in by SMBIOS, as base64', () => {
    const argv = qemuArgv({ ...spec, credentials: { 'ssh.authorized_keys.root': 'ssh-ed25519 AAAA, x' } }, files);
    const value = values(argv, '-smbios')[0] ?? '';
    expect(value).toBe(
      `type=11,value=io.systemd.credential.binary:ssh.authorized_keys.root=${Buffer.from('ssh-ed25519 AAAA, x').toString('base64')}`,
    );
  });

  test('commas in option values are doubled', () => {
    expect(optionValue('/a,b/c')).toBe('/a,,b/c');
    expect(values(qemuArgv(spec, { ...files, serialLog: '/a,b/s' }), '-chardev')[0]).toBe('file,id=serial0,path=/a,,b/s');
  });
});

test('two UUIDs give two MAC addresses', () => {
  expect(macOf('00000000-0000-4000-8000-000000000001')).toBe('52:54:00:00:00:01');
  expect(macOf('00000000-0000-4000-8000-000000000002')).toBe('52:54:00:00:00:02');
});
