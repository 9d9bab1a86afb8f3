import type { Property } from '../ovf.ts';
import type { Finding, Rule } from '../rule.ts';

const INTEGERS = ['int', ...[8, 16, 32, 64].flatMap((bits) => [`uint${bits}`, `sint${bits}`])];
const REALS = ['real', 'real32', 'real64'];
/** DSP0243, table 6, and what vSphere adds. */
const TYPES = ['string', 'boolean', ...INTEGERS, ...REALS, 'ip', 'expression'];
/** vSphere's types with limits or a network in them: `string["a","b"]`, `int(0..10)`, `password(8..)`, `ip:VM Network`. */
const EXTENDED_TYPE = /^(?:(?:string|int|real|password)(?:\(.*\)|\[.*\])?|ip:.+)$/;
const QUALIFIER = String.raw`(?:M(?:in|ax)(?:Len|Value)\(-?\d+\)|ValueMap\{(?:"(?:[^"\\]|\\.)*"(?:\s*,\s*|(?=\})))*\}|Ip(?:\(.*?\))?|Netmask)`;
const QUALIFIERS = new RegExp(`^${QUALIFIER}(?:(?:\\s*,\\s*|\\s+)${QUALIFIER})*$`);
const LONGEST = 65535;

function fitsType(value: string, type: string): boolean {
  if (type === 'boolean') return /^(true|false)$/i.test(value);
  if (INTEGERS.includes(type)) return /^[+-]?\d+$/.test(value) && !(type.startsWith('uint') && value.startsWith('-'));
  return !REALS.includes(type) || /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(value);
}

function fitsQualifiers(value: string, qualifiers: string): boolean {
  const limit = (name: string): number => Number(new RegExp(`\\b${name}\\((\\d+)\\)`).exec(qualifiers)?.[1] ?? Number.NaN);
  const map = /ValueMap\{(.*)\}/.exec(qualifiers)?.[1];
  const values = map?.match(/"(?:[^"\\]|\\.)*"/g)?.map((text) => text.slice(1, -1).replaceAll(/\\(.)/g, '$1'));
  return !(value.length < limit('MinLen') || value.length > limit('MaxLen')) && (values === undefined || values.includes(value));
}

/** An empty default is no default: the importer asks. */
function fits({ value, type, qualifiers }: Property): boolean {
  return value === '' || (fitsType(value, type) && fitsQualifiers(value, qualifiers));
}

export const propertyTypes: Rule = {
  name: 'property-types',
  severity: 'error',
  scope: 'descriptor',
  demand: 'Types and qualifiers are those of OVF, and defaults fit them.',
  check: (ovf) =>
    ovf.properties().flatMap((property) => {
      const { element, key, type, qualifiers, value, password } = property;
      const finding = (message: string, remedy: string): Finding => ({ message, where: ovf.where(element), remedy });
      const findings: Finding[] = [];
      if (!TYPES.includes(type) && !EXTENDED_TYPE.test(type))
        findings.push(finding(`${key} has the type ${JSON.stringify(type)}`, `Take one of: ${TYPES.join(', ')}.`));
      if (qualifiers !== '' && !QUALIFIERS.test(qualifiers))
        findings.push(finding(`${key} has the qualifiers ${qualifiers}`, 'Take MinLen(n), MaxLen(n) and ValueMap{"a","b"}.'));
      if (value.length > LONGEST)
        findings.push(finding(`The default of ${key} has ${value.length} characters`, `Keep it below ${LONGEST + 1}.`));
      if (!fits(property))
        findings.push(
          finding(`The default of ${key} does not fit its type and qualifiers: ${value}`, 'Correct the default, or leave it out.'),
        );
      if (password && value !== '')
        findings.push(finding(`The default of ${key} is a password that everybody can read in the file`, 'Ship no default for it.'));
      return findings;
    }),
};
