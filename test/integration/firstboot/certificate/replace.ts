/** A program that puts a certificate into use and is killed at the n-th thing that it does to a file: root, files, n. */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

import { System } from '../../../../firstboot/kit/system.ts';
import { install } from '../../../../firstboot/sections/certificate/place.ts';

const [root = '', fullchain = '', privkey = '', killAt = ''] = process.argv.slice(2);
const pair = {
  fullchain: fs.readFileSync(fullchain, 'utf8'),
  privkey: fs.readFileSync(privkey, 'utf8'),
  made: { mode: 'upload' } as const,
};

let done = 0;
type Method = (...args: unknown[]) => Promise<unknown>;

/** Counts the calls of a method, says what it does, and kills the process in the place of the one that was asked for. */
function count(on: Record<string, Method>, name: string, words: (args: unknown[]) => string): void {
  const real = on[name] as Method;
  on[name] = function (this: unknown, ...args: unknown[]) {
    done += 1;
    if (done === Number(killAt)) process.kill(process.pid, 'SIGKILL');
    fs.writeSync(1, `${name} ${words(args).replaceAll(root, '')}\n`);
    return real.apply(this, args);
  };
}

const files = fs.promises as unknown as Record<string, Method>;
for (const name of ['mkdir', 'rm', 'symlink', 'rename'])
  count(files, name, (args) => args.filter((each) => typeof each === 'string').join(' '));
const open = files['open'] as Method;
files['open'] = async (...args) => {
  const handle = (await open(...args)) as Record<string, Method>;
  for (const name of ['writeFile', 'chmod', 'sync']) count(handle, name, () => String(args[0]));
  return handle;
};
syncBuiltinESMExports();

await install(new System({ root, path: process.env['PATH'] ?? '', signal: new AbortController().signal }), pair);
