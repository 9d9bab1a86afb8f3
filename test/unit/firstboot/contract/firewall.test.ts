import { describe, expect, test } from 'vitest';

import { firewallFiles, firewallRules } from '../../../../firstboot/contract/firewall.ts';

describe('firewall', () => {
  test('ports are sorted, once each, by protocol; SSH is always there', () => {
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

  test('waiting lets in SSH alone, ready the declared ports too', () => {
    const [waiting, ready] = firewallFiles([{ port: 80, purpose: 'web' }]);
    expect(waiting?.path).toBe('/etc/unit/firewall/waiting.nft');
    expect(waiting?.content.match(/dport \{.*/g)).toEqual(['dport { 22 } accept']);
    expect(ready?.content.match(/dport \{.*/g)).toEqual(['dport { 22, 80 } accept']);
  });

  test('never touches anybody else', () => {
    const statements = firewallRules([])
      .split('\n')
      .filter((line) => !line.trim().startsWith('#'))
      .join('\n');
    expect(statements).not.toContain('flush');
    expect(statements.match(/^(table|delete) .*/gm)).toEqual(['table inet unit', 'delete table inet unit', 'table inet unit {']);
    expect(statements.match(/policy \w+/g)).toEqual(['policy drop', 'policy drop']);
  });
});
