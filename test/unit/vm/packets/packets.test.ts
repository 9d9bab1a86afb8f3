import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { ipText, ipv4Bytes, linkLocalOf, macBytes, multicastMac, solicitedNode } from '../../../../builder/vm/packets/addresses.ts';
import { ArpOperation, decodeArp, encodeArp } from '../../../../builder/vm/packets/arp.ts';
import { internetChecksum, pseudoHeader } from '../../../../builder/vm/packets/checksum.ts';
import { BROADCAST_MAC, decodeFrame, EtherType, encodeFrame } from '../../../../builder/vm/packets/ethernet.ts';
import { decodeIp, encodeIp, Protocol } from '../../../../builder/vm/packets/ip.ts';
import { decodeNdp, encodeNdp, NdpType } from '../../../../builder/vm/packets/ndp.ts';
import { decodeTcp, encodeTcp, TcpFlag } from '../../../../builder/vm/packets/tcp.ts';
import { decodeUdp, encodeUdp } from '../../../../builder/vm/packets/udp.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');

describe('checksum', () => {
  test('the numerical example of RFC 1071, section 3', () => {
    expect(internetChecksum(hex('0001 f203 f4f5 f6f7'))).toBe(0x220d);
  });

  test('an IPv4 header known from elsewhere', () => {
    expect(internetChecksum(hex('4500 0073 0000 4000 4011 0000 c0a8 0001 c0a8 00c7'))).toBe(0xb861);
  });

  test('an odd last byte counts as the high half of a word', () => {
    expect(internetChecksum(hex('01'))).toBe(0xfeff);
    expect(internetChecksum(hex('00 01 f2 03'), hex('f4 f5 f6'))).toBe(internetChecksum(hex('0001f203f4f5f600')));
  });

  test('what carries its checksum sums to zero, for any bytes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 2, maxLength: 1500 }).filter((bytes) => bytes.length % 2 === 0),
        (bytes) => {
          const sum = Buffer.alloc(2);
          sum.writeUInt16BE(internetChecksum(bytes));
          expect(internetChecksum(bytes, sum)).toBe(0);
        },
      ),
    );
  });
});

describe('addresses', () => {
  test.each([
    ['fe80000000000000505400fffe123456', 'fe80::5054:ff:fe12:3456'],
    ['ff020000000000000000000000000001', 'ff02::1'],
    ['00000000000000000000000000000000', '::'],
    ['00000000000000000000000000000001', '::1'],
    ['20010db8000000010001000100010001', '2001:db8:0:1:1:1:1:1'],
    ['20010db8000000000001000000000001', '2001:db8::1:0:0:1'],
    ['20010db8000100000000000000000000', '2001:db8:1::'],
    ['0a00020f', '10.0.2.15'],
  ])('%s is written %s', (bytes, text) => {
    expect(ipText(hex(bytes))).toBe(text);
  });

  test('the EUI-64 link-local address, its solicited-node group and that group on Ethernet', () => {
    const address = linkLocalOf(macBytes('52:54:00:12:34:56'));
    expect(ipText(address)).toBe('fe80::5054:ff:fe12:3456');
    expect(ipText(solicitedNode(address))).toBe('ff02::1:ff12:3456');
    expect(multicastMac(solicitedNode(address))).toEqual(macBytes('33:33:ff:12:34:56'));
    expect(multicastMac(ipv4Bytes('224.0.0.252'))).toEqual(macBytes('01:00:5e:00:00:fc'));
  });

  test('nonsense is refused', () => {
    for (const text of ['', '1.2.3', '1.2.3.256', '1.2.3.x']) expect(() => ipv4Bytes(text)).toThrow('not an IPv4');
    for (const text of ['52:54:00:12:34', '52:54:00:12:34:5g']) expect(() => macBytes(text)).toThrow('not a MAC');
  });
});

describe('frames and ARP', () => {
  const request = {
    operation: ArpOperation.request,
    senderMac: macBytes('02:00:00:00:00:77'),
    senderIp: ipv4Bytes('10.0.2.77'),
    targetMac: Buffer.alloc(6),
    targetIp: ipv4Bytes('10.0.2.15'),
  };

  test('a request has the bytes of RFC 826, padded to the shortest frame', () => {
    const frame = encodeFrame({ destination: BROADCAST_MAC, source: request.senderMac, type: EtherType.arp, payload: encodeArp(request) });
    expect(frame.length).toBe(60);
    expect(frame.subarray(0, 42).toString('hex')).toBe(
      'ffffffffffff' + '020000000077' + '0806' + '0001080006040001' + '020000000077' + '0a00024d' + '000000000000' + '0a00020f',
    );
  });

  test('what was encoded is read back, padding or not', () => {
    const frame = decodeFrame(
      encodeFrame({ destination: BROADCAST_MAC, source: request.senderMac, type: EtherType.arp, payload: encodeArp(request) }),
    );
    expect(frame?.type).toBe(EtherType.arp);
    const arp = decodeArp(frame?.payload ?? Buffer.alloc(0));
    expect(arp?.operation).toBe(1);
    expect(arp?.senderMac).toEqual(request.senderMac);
    expect(ipText(arp?.targetIp ?? Buffer.alloc(4))).toBe('10.0.2.15');
  });

  test('other protocols and stumps are no ARP and no frame', () => {
    expect(decodeFrame(Buffer.alloc(13))).toBeUndefined();
    expect(decodeArp(Buffer.alloc(28))).toBeUndefined();
    expect(decodeArp(encodeArp(request).subarray(0, 27))).toBeUndefined();
  });
});

describe('TCP, UDP and neighbour discovery', () => {
  // The IPv4 header is a well-known worked example of the header checksum; a SYN from port 443 to port 80 stands behind it.
  const elsewhere = hex(`4500003c1c4640004006b1e6ac100a63ac100a0c
    01bb0050 00000000 00000000 5002 4000 0000 0000`);

  test('a SYN carries the right checksums over IPv4', () => {
    const [source, destination] = [ipv4Bytes('10.0.2.77'), ipv4Bytes('10.0.2.15')];
    const segment = { sourcePort: 40000, destinationPort: 22, sequence: 0x01020304, acknowledgement: 0, flags: TcpFlag.syn };
    const tcp = encodeTcp(segment, source, destination);
    expect(tcp.length).toBe(24);
    expect(internetChecksum(pseudoHeader(source, destination, Protocol.tcp, tcp.length), tcp)).toBe(0);
    const ip = encodeIp({ source, destination, protocol: Protocol.tcp, payload: tcp });
    expect(internetChecksum(ip.subarray(0, 20))).toBe(0);
    expect(ip.subarray(0, 10).toString('hex')).toBe('4500002c000040004006');
    expect(decodeTcp(decodeIp(ip)?.payload ?? Buffer.alloc(0))).toEqual(segment);
  });

  test('a header made elsewhere is read', () => {
    const packet = decodeIp(Buffer.concat([elsewhere, Buffer.alloc(24)]));
    expect(internetChecksum(elsewhere.subarray(0, 20))).toBe(0);
    expect(packet === undefined ? '' : ipText(packet.source)).toBe('172.16.10.99');
    expect(packet?.payload.length).toBe(0x3c - 20);
    expect(decodeTcp(packet?.payload ?? Buffer.alloc(0))).toMatchObject({ sourcePort: 443, destinationPort: 80, flags: TcpFlag.syn });
  });

  test('over IPv6 too, and cut-off packets are not read', () => {
    const [source, destination] = [linkLocalOf(macBytes('02:00:00:00:00:77')), linkLocalOf(macBytes('52:54:00:12:34:56'))];
    const tcp = encodeTcp({ sourcePort: 1, destinationPort: 2, sequence: 3, acknowledgement: 4, flags: TcpFlag.rst }, source, destination);
    expect(tcp.length).toBe(20);
    expect(internetChecksum(pseudoHeader(source, destination, Protocol.tcp, 20), tcp)).toBe(0);
    const ip = encodeIp({ source, destination, protocol: Protocol.tcp, payload: tcp });
    expect(ip.length).toBe(60);
    expect(decodeIp(Buffer.concat([ip, Buffer.alloc(4)]))?.payload.length).toBe(20);
    expect(decodeIp(ip.subarray(0, 59))).toBeUndefined();
  });

  test('fragments are not read', () => {
    const ip = encodeIp({ source: ipv4Bytes('1.2.3.4'), destination: ipv4Bytes('1.2.3.5'), protocol: 6, payload: Buffer.alloc(20) });
    ip.writeUInt16BE(0x2000, 6);
    expect(decodeIp(ip)).toBeUndefined();
  });

  test('a datagram is read back, for any ports and payload', () => {
    const [source, destination] = [ipv4Bytes('10.0.2.77'), ipv4Bytes('10.0.2.15')];
    const port = fc.integer({ min: 1, max: 65535 });
    fc.assert(
      fc.property(port, port, fc.uint8Array({ maxLength: 600 }), (sourcePort, destinationPort, payload) => {
        const udp = encodeUdp({ sourcePort, destinationPort, payload }, source, destination);
        expect(internetChecksum(pseudoHeader(source, destination, Protocol.udp, udp.length), udp)).toBe(0);
        const back = decodeUdp(Buffer.concat([udp, Buffer.alloc(9)]));
        expect(back).toMatchObject({ sourcePort, destinationPort });
        expect(Buffer.from(back?.payload ?? []).equals(payload)).toBe(true);
      }),
    );
  });

  test('a solicitation as RFC 4861 draws it', () => {
    const mac = macBytes('02:00:00:00:00:77');
    const source = linkLocalOf(mac);
    const target = linkLocalOf(macBytes('52:54:00:12:34:56'));
    const destination = solicitedNode(target);
    const bytes = encodeNdp({ type: NdpType.solicitation, target, mac }, source, destination);
    expect(bytes.toString('hex').replace(/^(....)..../, '$1')).toBe(`870000000000${target.toString('hex')}0101020000000077`);
    expect(internetChecksum(pseudoHeader(source, destination, Protocol.icmpv6, bytes.length), bytes)).toBe(0);
    expect(decodeNdp(bytes)).toMatchObject({ type: 135 });
    expect(decodeNdp(bytes.subarray(0, 24))?.mac).toBeUndefined();
    expect(decodeNdp(hex('8000000000000000'))).toBeUndefined();
  });
});
