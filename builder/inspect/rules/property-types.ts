import type { Finding, Rule } from '../rule.ts';

/** DSP0243, table 6, and what vSphere adds. */
const TYPES = [
  'string',
  'boolean',
  'int',
  'real',
  ...[8, 16, 32, 64].flatMap((bits) => [`uint${bits}`, `sint${bits}`]),
  'real32',
  'real64',
  'ip',
  'expression',
];
const QUALIFIER = String.raw`(?:M(?:in|ax)(?:Len|Value)\(-?\d+\)|ValueMap\{(?:"(?:[^"\\]|\\.)*"(?:\s*,\s*|(?=\})))*\}|Ip(?:\(.*?\))?|Netmask)`;
const QUALIFIERS = new RegExp(`^${QUALIFIER}(?:(?:\\s*,\\s*|\\s+)${QUALIFIER})*$`);
const LONGEST = 65535;

export const propertyTypes: Rule = {
  name: 'property-types',
  severity: 'error',
  scope: 'descriptor',
  demand: 'Types and qualifiers are those of OVF, and defaults fit them.',
  check: (ovf) =>
    ovf.properties().flatMap(({ element, key, type, qualifiers, value, password }) => {
      const finding = (message: string, remedy: string): Finding => ({ message, where: ovf.where(element), remedy });
      const findings: Finding[] = [];
      if (!TYPES.includes(type) && !type.startsWith('password') && !/^(string|int|real)\(.*\)$/.test(type))
        findings.push(finding(`${key} has the type ${JSON.stringify(type)}`, `Take one of: ${TYPES.join(', ')}.`));
      if (qualifiers !== '' && !QUALIFIERS.test(qualifiers))
        findings.push(finding(`${key} has the qualifiers ${qualifiers}`, 'Take MinLen(n), MaxLen(n) and ValueMap{"a","b"}.'));
      if (value.length > LONGEST)
        findings.push(finding(`The default of ${key} has ${value.length} characters`, `Keep it below ${LONGEST + 1}.`));
      if (password && value !== '')
        findings.push(finding(`The default of ${key} is a password that everybody can read in the file`, 'Ship no default for it.'));
      return findings;
    }),
};
