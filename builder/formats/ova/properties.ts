/** vApp properties from an image's settings: the scalars marked `x-ovf`, and one that takes a whole answers file. */
import type { Setup } from '../../../firstboot/contract/unit.ts';
import { ANSWERS_KEY, ovfProperties } from '../../../firstboot/settings/index.ts';
import type { VappProperty } from './options.ts';

/** Strings of a vApp property hold up to 65535 characters. */
const LONGEST = 65535;

interface Scalar {
  type?: unknown;
  enum?: readonly unknown[];
  default?: unknown;
  minLength?: number;
  maxLength?: number;
  writeOnly?: boolean;
  description?: string;
  'x-help'?: { en?: string };
}

/** @param productSchema the image's settings.schema.json @param setup what its definition decides */
export function vappProperties(productSchema: object | undefined, setup?: Setup): VappProperty[] {
  const marked = ovfProperties(productSchema, setup).map(({ key, label, category, schema }) => {
    const scalar = schema as Scalar;
    const qualifiers = qualifiersOf(scalar);
    return {
      key,
      type: typeOf(scalar),
      label,
      description: scalar['x-help']?.en ?? scalar.description ?? label,
      category,
      value: scalar.default === undefined ? (scalar.type === 'boolean' ? 'False' : '') : ovfText(scalar.default),
      password: scalar.writeOnly === true,
      ...(qualifiers === '' ? {} : { qualifiers }),
    };
  });
  const answers: VappProperty = {
    key: ANSWERS_KEY,
    type: 'string',
    label: 'Answers file',
    description: 'A whole answers file, encoded in base64. What it says counts more than the fields above.',
    category: 'Unattended',
    value: '',
    password: true,
    qualifiers: `MaxLen(${LONGEST})`,
  };
  return [...marked, answers];
}

/** An empty answer means "ask in the browser", so no lower bound may keep a field from being left empty. */
function qualifiersOf(scalar: Scalar): string {
  if (scalar.enum !== undefined)
    return `ValueMap{${['', ...scalar.enum.map(String)].map((value) => `"${value.replaceAll('"', '\\"')}"`).join(',')}}`;
  return scalar.type === 'string' && scalar.maxLength !== undefined ? `MaxLen(${Math.min(scalar.maxLength, LONGEST)})` : '';
}

/** A number may be left open too, which OVF's integer types cannot say: it travels as text and is checked on the unit. */
function typeOf(scalar: Scalar): VappProperty['type'] {
  if (scalar.type === 'boolean') return 'boolean';
  return scalar.type === 'integer' && scalar.default !== undefined ? 'int' : 'string';
}

/** OVF spells booleans with a capital (DSP0243, table 6). */
function ovfText(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return String(value);
}
