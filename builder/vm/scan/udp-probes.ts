/** Datagrams to which well-known services answer: silence to nonsense would prove nothing about a UDP port. */

export interface UdpProbe {
  port: number;
  service: string;
  payload: Buffer;
  /** Asked there as well: services that only answer their multicast group. */
  group?: string;
}

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

/** A DNS question (RFC 1035), also as NetBIOS, mDNS and LLMNR use it. */
export function dnsQuestion(name: string, type: number, recursion = false): Buffer {
  const labels = name.split('.').filter((label) => label !== '');
  const question = Buffer.concat([
    ...labels.map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)])),
    Buffer.alloc(5),
  ]);
  question.writeUInt16BE(type, question.length - 4);
  question.writeUInt16BE(1, question.length - 2);
  return Buffer.concat([hex(`7531 ${recursion ? '0100' : '0000'} 0001 0000 0000 0000`), question]);
}

/** The probes; `hostname` is the guest's own, which is all that LLMNR and mDNS responders answer for. */
export function udpProbes(hostname: string): UdpProbe[] {
  const host = hostname.split('.')[0] ?? hostname;
  const ntp = Buffer.alloc(48);
  ntp.writeUInt8(0x23, 0); // version 4, client
  const tftp = Buffer.concat([hex('0001'), Buffer.from('unit\0octet\0')]);
  const ssdp = 'M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\nMX: 1\r\nST: ssdp:all\r\n\r\n';
  return [
    { port: 53, service: 'DNS', payload: dnsQuestion('localhost', 1, true) },
    { port: 69, service: 'TFTP', payload: tftp },
    // NULL call of portmapper version 2 (RFC 1833).
    {
      port: 111,
      service: 'rpcbind',
      payload: hex('75310001 00000000 00000002 000186a0 00000002 00000000 00000000 00000000 00000000 00000000'),
    },
    { port: 123, service: 'NTP', payload: ntp },
    // Node status request for `*` (RFC 1002, section 4.2.17).
    { port: 137, service: 'NetBIOS', payload: dnsQuestion(`CK${'A'.repeat(30)}`, 0x21) },
    // SNMPv1 GetRequest of sysDescr.0, community `public`.
    {
      port: 161,
      service: 'SNMP',
      payload: hex('3026 020100 0406 7075626c6963 a019 020101 020100 020100 300e 300c 0608 2b06010201010100 0500'),
    },
    { port: 1900, service: 'SSDP', payload: Buffer.from(ssdp), group: '239.255.255.250' },
    { port: 5353, service: 'mDNS', payload: dnsQuestion(`${host}.local`, 255), group: '224.0.0.251' },
    { port: 5355, service: 'LLMNR', payload: dnsQuestion(host, 255), group: '224.0.0.252' },
    // memcached's UDP frame header, then a command.
    { port: 11211, service: 'memcached', payload: Buffer.concat([hex('7531 0000 0001 0000'), Buffer.from('stats\r\n')]) },
  ];
}
