import { writeFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { createGzip } from 'node:zlib';
import { pack } from 'tar-stream';

import { openSettings } from '../apply/open-settings.ts';
import { UNIT_PATHS, type Unit } from '../contract/unit.ts';
import { ExitCode, ProgramError } from '../kit/errors.ts';
import { readIfExists } from '../kit/files.ts';
import type { System } from '../kit/system.ts';
import { secretPaths } from '../settings/index.ts';
import type { Ctl, Session } from './cli.ts';
import { examine } from './doctor.ts';
import { findingLines } from './findings.ts';
import { journalArguments, unitsFor } from './logs.ts';
import { withoutSecrets } from './settings.ts';
import { readStatus } from './status.ts';
import { readProductSchema, readUnit } from './unit-files.ts';
import { registerEverySecret } from './unit-secrets.ts';

/** Programs whose output says how the unit is: file in the bundle, program, arguments. None of them changes anything. */
const PROGRAMS: readonly (readonly [string, string, readonly string[]])[] = [
  ['packages.txt', 'dpkg-query', ['--show', '--showformat', '${Package} ${Version} ${db:Status-Abbrev}\\n']],
  ['system/units.txt', 'systemctl', ['list-units', '--all', '--plain', '--no-pager', '--full']],
  ['system/disk.txt', 'df', ['--human-readable', '--print-type']],
  ['system/memory.txt', 'free', ['--mebi']],
  ['system/addresses.txt', 'ip', ['address', 'show']],
  ['system/routes.txt', 'ip', ['route', 'show', 'table', 'all']],
  ['system/listening.txt', 'ss', ['--listening', '--numeric', '--tcp', '--udp', '--processes']],
  ['system/time.txt', 'timedatectl', ['show']],
  ['system/kernel.txt', 'journalctl', ['--dmesg', '--no-pager', '--lines=2000']],
];
const JOURNAL_LINES = '5000';

export function register(ctl: Ctl): void {
  ctl.program
    .command('support-bundle [file]')
    .description('Write a tar.gz with what support needs: state, findings, journals, packages, settings. Secrets are removed.')
    .option('--json', 'write JSON')
    .addHelpText('after', '\nExamples:\n  unitctl support-bundle\n  unitctl support-bundle /tmp/bundle.tar.gz')
    .action(ctl.run(bundle));
}

async function bundle(session: Session, file: string | undefined): Promise<ExitCode> {
  const { system } = session;
  const unit = await readUnit(system);
  const secrets = await registerEverySecret(system, unit);
  const name = `${unit.name}-support-${new Date().toISOString().replace(/[-:]|\.\d+/g, '')}`;
  const target = file ?? `${name}.tar.gz`;
  const texts = await collect(system, unit);
  const archive = pack();
  for (const [path, text] of Object.entries(texts)) archive.entry({ name: `${name}/${path}`, mode: 0o600 }, system.scrubber.scrub(text));
  archive.finalize();
  await writeFile(target, await buffer(archive.pipe(createGzip())), { mode: 0o600 });
  session.emit({ type: 'result', command: 'support-bundle', data: { file: target, secrets } });
  session.print(`${target}: ${Object.keys(texts).length} files; ${secrets} secrets of this unit are blanked wherever they were.`);
  session.print('Names, addresses and what the product logs about its users are in it: look before you give it away.');
  return ExitCode.ok;
}

/** Every file of the bundle, not scrubbed yet. */
async function collect(system: System, unit: Unit): Promise<Record<string, string>> {
  const productSchema = await readProductSchema(system);
  const json = (data: unknown): string => `${JSON.stringify(data, null, 2)}\n`;
  const settings = await openSettings(system);
  const examined = await examine(system);
  const findings = examined.flatMap(({ title, findings: found }) => [title.en, ...found.flatMap((each) => findingLines(each, 'en'))]);
  const texts: Record<string, string> = {
    'status.json': json(await readStatus(system)),
    'doctor.txt': `${findings.join('\n')}\n`,
    'doctor.json': json(examined),
    // The schema says which ones are secrets; they are not in the file that is read, and would be marked if they were.
    ...(settings === undefined ? {} : { 'settings.json': json(withoutSecrets(settings, secretPaths(productSchema))) }),
    'journal/product.txt': await said(system, 'journalctl', journalArguments(unitsFor(unit, undefined), { lines: JOURNAL_LINES })),
  };
  for (const [path, program, args] of PROGRAMS) texts[path] = await said(system, program, args);
  for (const path of [UNIT_PATHS.origins, UNIT_PATHS.journal, UNIT_PATHS.release, UNIT_PATHS.definition]) {
    const text = await readIfExists(system.path(path));
    if (text !== undefined) texts[`unit/${path.slice(path.lastIndexOf('/') + 1)}`] = text;
  }
  return texts;
}

/** A program that fails says so in the bundle: that, too, is of use. */
async function said(system: System, program: string, args: readonly string[]): Promise<string> {
  try {
    const { stdout, stderr } = await system.run(program, args, { timeout: 60 });
    return `${stdout}\n${stderr}`;
  } catch (error) {
    if (error instanceof ProgramError) return `${error.message}\n${error.failure.tail.join('\n')}\n`;
    throw error;
  }
}
