import { describe, expect, test } from 'vitest';

import { firewallFiles, firewallRules, openPorts } from '../../../../firstboot/contract/firewall.ts';

describe('firewall', () => {
  test('ports are sorted, once each, by protocol', () => {
    const rules = firewallRules([
      { port: 443, purpose: 'a' },
      { port: 22, protocol: 'tcp', purpose: 'b' },
      { port: 53, protocol: 'udp', purpose: 'c' },
      { port: 80, purpose: 'd' },
      { port: 80, purpose: 'e' },
    ]);
    expect(rules).toContain('\t\ttcp dport { 22, 80, 443 } accept\n\t\tudp dport { 53 } accept\n');
    expect(rules).toContain('ct status dnat meta l4proto tcp ct original proto-dst { 22, 80, 443 } accept\n');
    expect(rules).toContain('ct status dnat meta l4proto udp ct original proto-dst { 53 } accept\n');
  });

  test.each([
    ['waiting', '80, 443, 8443'],
    ['waiting-ssh', '22, 80, 443, 8443'],
    ['applying', '8443'],
    ['applying-ssh', '22, 8443'],
    ['open', '22, 80, 8080, 8443'],
    ['ready', '22, 80, 8080'],
  ])('%s lets in %s', (state, ports) => {
    const files = firewallFiles([
      { port: 80, purpose: 'web' },
      { port: 8080, purpose: 'more' },
    ]);
    const rules = files.find(({ path }) => path === `/etc/unit/firewall/${state}.nft`)?.content;
    expect(rules?.match(/(?<=^\t\ttcp dport \{ ).*(?= \} accept$)/gm)).toEqual([ports]);
  });

  test('a port for some addresses is shut to others, and to everybody where there are none', () => {
    const port = { port: 6379, purpose: 'copy', from: 'product.copies' };
    const sources = ['192.0.2.9', '2001:db8::9', '192.0.2.9', '192.0.2.10'];
    const rules = firewallRules([
      { port: 443, purpose: 'web' },
      { ...port, sources },
    ]);
    expect(rules).toContain('\t\ttcp dport { 443 } accept\n\t\tip saddr { 192.0.2.9, 192.0.2.10 } tcp dport { 6379 } accept\n');
    expect(rules).toContain('\t\tip6 saddr { 2001:db8::9 } tcp dport { 6379 } accept\n');
    expect(rules).toContain('ip6 saddr { 2001:db8::9 } ct status dnat meta l4proto tcp ct original proto-dst { 6379 } accept\n');
    const shut = (ports: Parameters<typeof firewallFiles>[0]): string => JSON.stringify(firewallFiles(ports));
    expect(shut([{ ...port, sources }])).toContain('6379');
    expect(shut([port])).not.toContain('6379');
    expect(shut([{ ...port, sources: [] }])).not.toContain('6379');
    // What a scan from outside must not find.
    expect(openPorts([port]).ready.map((open) => open.port)).toEqual([22]);
  });

  test('never touches anybody else', () => {
    const statements = firewallRules([])
      .split('\n')
      .filter((line) => !line.trim().startsWith('#'))
      .join('\n');
    expect(statements).not.toContain('flush');
    expect(statements.match(/^(table|delete) .*/gm)).toEqual(['table inet unit', 'delete table inet unit', 'table inet unit {']);
    expect(statements.match(/policy \w+/g)).toEqual(['policy drop', 'policy drop', 'policy accept']);
  });
});
