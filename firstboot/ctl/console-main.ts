/**
 * Writes what the consoles show to standard output. A bundle of its own: it runs at every change of a state or an address, in
 * every boot, and reading all of unitctl takes longer than what it does.
 */
import { System } from '../kit/system.ts';
import { readConsoleText } from './console-facts.ts';

const path = process.env.PATH ?? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
process.stdout.write(await readConsoleText(new System({ root: process.argv[2] ?? '/', path, signal: new AbortController().signal })));
