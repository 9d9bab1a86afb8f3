/** vApp properties: from VMware's guestinfo, else from the CD of the ISO transport. */
import { join } from 'node:path';

import type { Problem } from '../kit/errors.ts';
import { ANSWERS_KEY, ANSWERS_VERSION, OVF_PREFIX, type OvfProperty, ovfProperties, type SettingSchema, setAt } from '../settings/index.ts';
import { nearest } from '../settings/nearest.ts';
import { readBoundedFile } from './bounded-file.ts';
import { type Device, fileSystems, withMounted } from './devices.ts';
import { clearGuestinfo, readGuestinfo } from './guestinfo.ts';
import { MAX_DOCUMENT_BYTES, parseOvfEnvironment } from './ovf-document.ts';
import { type LocatedLayer, type Reading, readLayer, type Source, type SourceContext, unreadable } from './source.ts';

const NAME = 'OVF environment';
const GUESTINFO_KEY = 'ovfEnv';
const FILE = 'ovf-env.xml';
/** What hypervisors call the CD. */
const LABELS = ['OVF ENV', 'OVFENV', 'OVF-TRANSPORT'];

export const ovfEnvironment: Source = {
  name: 'ovf-environment',

  async read(context) {
    const told = await readGuestinfo(context, GUESTINFO_KEY);
    if (told !== undefined) {
      const reading = readDocument(told, `${NAME} (guestinfo.${GUESTINFO_KEY})`, context.productSchema);
      return { ...reading, clear: (at) => clearGuestinfo(at, GUESTINFO_KEY) };
    }
    return readCd(context);
  },
};

/** The first CD that holds a document; those that are called so come first. A CD cannot be cleared: it goes when it is taken out. */
async function readCd(context: SourceContext): Promise<Reading | undefined> {
  const clear = (): Promise<void> => Promise.resolve();
  const named = ({ label }: Device): boolean => label !== undefined && LABELS.includes(label);
  const devices = (await fileSystems(context)).filter((device) => device.cd || named(device));
  for (const device of devices.sort((a, b) => Number(named(b)) - Number(named(a)))) {
    const name = `${NAME} (CD ${device.path})`;
    try {
      const bytes = await withMounted(context, device, (folder) => readBoundedFile(join(folder, FILE), MAX_DOCUMENT_BYTES));
      if (bytes !== undefined) return { ...readDocument(new TextDecoder().decode(bytes), name, context.productSchema), clear };
    } catch (error) {
      const problem = unreadable(error, name);
      if (named(device)) return { layers: [], problems: [problem], clear };
      context.note(`${device.path} ${problem.message}`);
    }
  }
  return undefined;
}

/** Answers of a document. Keys of others (cloud-init's, the vendor's of another tool) are none of ours. */
export function readDocument(text: string, name: string, productSchema: object | undefined): Pick<Reading, 'layers' | 'problems'> {
  let given: ReadonlyMap<string, string>;
  try {
    given = parseOvfEnvironment(text);
  } catch (error) {
    return { layers: [], problems: [unreadable(error, name)] };
  }
  const known = ovfProperties(productSchema);
  const fields = readFields(known, given, name);
  const whole = readWhole(given.get(ANSWERS_KEY) ?? '', `${name}, property ${ANSWERS_KEY}`);
  return {
    // Fields that nobody touched arrive with their defaults, so the file, which somebody wrote, wins.
    layers: [...(fields === undefined ? [] : [fields]), ...whole.layers],
    problems: [...unknownKeys(known, given, name), ...whole.problems],
  };
}

function readWhole(encoded: string, file: string): Pick<Reading, 'layers' | 'problems'> {
  if (encoded === '') return { layers: [], problems: [] };
  const bytes = decodeBase64(encoded);
  if (bytes !== undefined) return readLayer('ovf-environment', bytes, file);
  return { layers: [], problems: [{ message: 'this is not base64', file, suggestion: 'Encode the answers file with `base64 -w0`.' }] };
}

function readFields(known: readonly OvfProperty[], given: ReadonlyMap<string, string>, name: string): LocatedLayer | undefined {
  const filled = known.filter(({ key }) => (given.get(key) ?? '') !== '');
  if (filled.length === 0) return undefined;
  // The importer's form has no field for the version: the image that reads the form is the one that wrote it.
  const answers: Record<string, unknown> = { schemaVersion: ANSWERS_VERSION };
  for (const { key, path, schema } of filled) setAt(answers, path, fromText(given.get(key) ?? '', schema));
  return {
    source: 'ovf-environment',
    answers,
    locate({ path, message, suggestion }) {
      const key = OVF_PREFIX + path.slice(1).replaceAll('/', '.');
      const file = given.has(key) ? `${name}, property ${key}` : name;
      return { message, file, path, ...(suggestion === undefined ? {} : { suggestion }) };
    },
  };
}

/** Text as the schema's type; what does not fit it stays text, and the validation says what is wrong. */
export function fromText(text: string, schema: SettingSchema): unknown {
  const choice = schema.enum?.find((value) => String(value) === text);
  if (choice !== undefined) return choice;
  const types = [schema.type ?? 'string'].flat();
  if (types.includes('boolean')) {
    // "True" by the standard (DSP0243, table 6), "true" as people write it.
    if (text.toLowerCase() === 'true') return true;
    if (text.toLowerCase() === 'false') return false;
  }
  if (types.includes('integer') && /^[+-]?\d+$/.test(text) && Number.isSafeInteger(Number(text))) return Number(text);
  if (types.includes('number') && /^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text) && Number.isFinite(Number(text))) return Number(text);
  return text;
}

/** A key that starts as ours do and is none: a slip that would lose what was meant. */
function unknownKeys(known: readonly OvfProperty[], given: ReadonlyMap<string, string>, name: string): Problem[] {
  const keys = [...known.map(({ key }) => key), ANSWERS_KEY];
  return [...given]
    .filter(([key, value]) => key.startsWith(OVF_PREFIX) && value !== '' && !keys.includes(key))
    .map(([key]) => {
      const near = nearest(key, keys);
      const suggestion = near === undefined ? `Known here: ${keys.join(', ')}.` : `Did you mean "${near}"?`;
      return { message: `there is no property ${key}`, file: name, suggestion };
    });
}

/** RFC 4648, section 4; line breaks as base64(1) makes them are fine. */
function decodeBase64(text: string): Uint8Array | undefined {
  const compact = text.replaceAll(/\s/g, '');
  const bytes = Buffer.from(compact, 'base64');
  return bytes.toString('base64').replace(/=+$/, '') === compact.replace(/=+$/, '') ? bytes : undefined;
}
