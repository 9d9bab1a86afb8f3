import { describe, expect, test } from 'vitest';

import { firewallFiles, firewallRules } from '../../../../firstboot/contract/firewall.ts';

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
    ['waiting', '22, 80, 443, 8443'],
    ['applying', '22, 8443'],
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
