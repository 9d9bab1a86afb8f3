/** What the consoles of a unit show: plain ASCII, at most 80 columns, for a Linux console and a serial line. */
import type { UnitState } from '../contract/events.ts';
import { LATER_PORT } from '../contract/setup.ts';
import type { Texts } from '../contract/texts.ts';
import { formatCode } from '../setup/claim-code.ts';
import { inUrl } from '../setup/urls.ts';

export interface ConsoleFacts {
  title: Texts;
  version: string;
  hostName: string;
  addresses: readonly string[];
  /** `starting`: the boot has not come to its end, and the services not to theirs. */
  state: UnitState | 'starting';
  /** The setup page is there. */
  setupOpen: boolean;
  /** Ports 80 and 443 are the product's. */
  portsPassed: boolean;
  /** Undefined once it was used. */
  code: string | undefined;
  fingerprint: string;
  failure?: { step: string; reason: string };
  /** Of the product, once it is there. */
  urls: readonly string[];
  /** What else the owner must know. */
  notes: readonly string[];
}

const WIDTH = 78;
const INDENT = 14;
/** Of addresses, so that all fits on a screen of 25 lines. */
const MAX_ROWS = 4;
/** Pairs of a fingerprint on a line. */
const PAIRS = 16;

const STATES: Record<ConsoleFacts['state'], string> = {
  starting: 'starting',
  waiting: 'waiting to be set up',
  applying: 'being set up',
  ready: 'ready',
  failed: 'FAILED',
};

export function consoleText(facts: ConsoleFacts): string {
  const { addresses, state, failure } = facts;
  const where = failure === undefined ? ': a service is not ready' : ` at step ${failure.step}: ${failure.reason}`;
  const lines = [
    `${facts.title.en} ${facts.version}`,
    '',
    ...field('State', [`${STATES[state]}${state === 'failed' ? where : ''}`]),
    ...field('Host name', [facts.hostName]),
    ...field('Addresses', addresses.length > 0 ? first(addresses) : ['none: no cable, or no DHCP server. The menu sets one.']),
    ...(state === 'ready' ? field('Open', first(facts.urls)) : []),
    ...(facts.setupOpen ? setupLines(facts) : []),
    ...facts.notes.flatMap((note) => ['', ...wrap(note, WIDTH)]),
  ];
  return `${lines.map(ascii).join('\n')}\n`;
}

function setupLines({ addresses, code, fingerprint, portsPassed }: ConsoleFacts): string[] {
  const port = portsPassed ? `:${LATER_PORT}` : '';
  const pairs = fingerprint === '' ? [] : fingerprint.split(':');
  const rows = Array.from({ length: Math.ceil(pairs.length / PAIRS) }, (_, row) => pairs.slice(row * PAIRS, (row + 1) * PAIRS).join(':'));
  return [
    ...field(
      'Set up at',
      first(addresses).map((address) => `https://${inUrl(address)}${port}/`),
    ),
    ...field('Code', [code === undefined ? 'used: this unit has an owner' : formatCode(code)]),
    ...(fingerprint === '' ? [] : ['', 'The browser will warn. Go on only if it shows this certificate (SHA-256):']),
    ...rows.map((row) => `  ${row}`),
  ];
}

/** `Name:         first value`, the others below it. */
function field(name: string, values: readonly string[]): string[] {
  return values
    .flatMap((value) => wrap(value, WIDTH - INDENT))
    .map((line, index) => `${(index === 0 ? `${name}:` : '').padEnd(INDENT)}${line}`);
}

function first(values: readonly string[]): readonly string[] {
  return values.slice(0, MAX_ROWS);
}

/** Lines of at most `width` characters, broken at spaces where there are any. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let rest = text.replace(/\s+/g, ' ').trim();
  while (rest.length > width) {
    const space = rest.lastIndexOf(' ', width);
    const end = space > 0 ? space : width;
    lines.push(rest.slice(0, end));
    rest = rest.slice(end).trimStart();
  }
  return [...lines, rest];
}

/** What a console without other fonts can show: also no escape sequence of a text that somebody else chose. */
function ascii(line: string): string {
  return line.replace(/[^\x20-\x7e]/g, '?');
}
