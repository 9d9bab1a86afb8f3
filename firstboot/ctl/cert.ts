import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';

import { SecretStore } from '../apply/secret-store.ts';
import { loadOrigins, loadSettings, saveOrigins, saveSettings, secretFile } from '../apply/settings-store.ts';
import { UNIT_PATHS, type Unit } from '../contract/unit.ts';
import { ExitCode, UnitError } from '../kit/errors.ts';
import { readIfExists } from '../kit/files.ts';
import { LOCK, lock } from '../kit/lock.ts';
import type { System } from '../kit/system.ts';
import {
  describeProblem,
  obtainAndPlace,
  obtainDue,
  place,
  placeDue,
  placeWhereDue,
  plainKey,
  usable,
} from '../sections/certificate/ensure.ts';
import { inspect } from '../sections/certificate/inspect.ts';
import { readMaterial } from '../sections/certificate/material.ts';
import { type WantedCertificate, wantedCertificate } from '../sections/certificate/names.ts';
import { sendExpiryNotice } from '../sections/certificate/notice.ts';
import { trustedRoots } from '../sections/certificate/place.ts';
import { reloadServices } from '../sections/certificate/reload.ts';
import type { Certificate } from '../sections/certificate/schema.ts';
import { type CertificateState, certificateState } from '../sections/certificate/state.ts';
import type { Settings } from '../settings/index.ts';
import { refreshConsole } from '../setup/console.ts';
import { applyPrepared } from './apply.ts';
import type { Ctl, Session } from './cli.ts';
import { prepare } from './prepared.ts';
import { readProductSchema, readUnit } from './unit-files.ts';

export function register(ctl: Ctl): void {
  const cert = ctl.program.command('cert').description("The unit's certificate.");
  cert
    .command('show', { isDefault: true })
    .description('Show the certificate in use; exit code 1 where something about it needs looking after.')
    .option('--json', 'write JSON')
    .addHelpText('after', '\nExamples:\n  unitctl cert show\n  unitctl cert show --json')
    .action(ctl.run((session) => show(session)));
  cert
    .command('renew')
    .description('Renew the certificate where that is due, and tell the services that use it. A timer does it every day.')
    .option('--force', 'renew it even if it is good for long')
    .option('--json', 'write JSON')
    .addHelpText('after', '\nExamples:\n  unitctl cert renew\n  unitctl cert renew --force')
    .action(ctl.run((session, options: { force?: boolean }) => renew(session, options.force === true)));
  cert
    .command('import <files...>')
    .description('Use a certificate of yours: PEM files with the chain and its key, in any order.')
    .option('--passphrase-file <file>', 'file with the passphrase of the key, where it is encrypted; - is standard input')
    .option('--json', 'write JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  unitctl cert import fullchain.pem privkey.pem\n  unitctl cert import all.pem --passphrase-file - <passphrase',
    )
    .action(ctl.run((session, files: string[], options: { passphraseFile?: string }) => importFiles(session, files, options)));
}

async function show(session: Session): Promise<ExitCode> {
  const { system } = session;
  const state = await certificateState(system, wantedCertificate(await settingsOf(system), await readUnit(system)));
  if (state === undefined)
    throw new UnitError('no certificate is in use', { exitCode: ExitCode.unit, remedies: ['Make one: `unitctl cert renew`.'] });
  session.emit({ type: 'result', command: 'cert show', data: state });
  for (const line of describe(state)) session.print(line);
  return state.warnings.length === 0 ? ExitCode.ok : ExitCode.notReady;
}

function describe(state: CertificateState): string[] {
  return [
    `for:          ${state.names.map((name) => name.replace(/^(DNS|IP Address):/, '')).join(', ')}`,
    `issued by:    ${state.issuer} (${state.mode})`,
    `valid until:  ${state.notAfter} (${state.daysLeft} days)`,
    `SHA-256:      ${state.fingerprint}`,
    ...(state.ca === undefined ? [] : [`authority:    ${state.ca}`]),
    ...(state.failure === undefined
      ? []
      : describeProblem(state.failure).map((line, index) => `${index === 0 ? `${state.failure?.time} ` : '  '}${line}`)),
    ...state.warnings.map(({ en }) => `warning: ${en}`),
  ];
}

async function renew(session: Session, force: boolean): Promise<ExitCode> {
  const { system } = session;
  const held = await lock(system, LOCK);
  try {
    await mustBeSetUp(system);
    const unit = await readUnit(system);
    const settings = await settingsOf(system);
    const wanted = wantedCertificate(settings, unit);
    const print = (line: string): void => session.print(system.scrubber.scrub(line));
    // Above all where it cannot be renewed.
    const { changed, problem } = await bringUpToDate(system, wanted, force, print).finally(() => tell(system, unit, settings, print));
    await reloadServices(system, unit, print);
    if (changed) await passOn(session, unit);
    if (problem !== undefined) throw problem;
    const state = await certificateState(system, wanted);
    session.emit({ type: 'result', command: 'cert renew', data: { changed, state: state ?? null } });
    print(changed ? 'The certificate was renewed.' : 'Nothing to renew.');
    // The daily run is where a warning reaches the journal.
    for (const { en } of state?.warnings ?? []) print(`warning: ${en}`);
    return ExitCode.ok;
  } finally {
    await held.release();
  }
}

/** Whoever looks after the unit, who may never read its journal: on the consoles, and by mail. */
async function tell(system: System, unit: Unit, settings: Settings, log: (line: string) => void): Promise<void> {
  await sendExpiryNotice({ system, unit, mail: settings.mail, log }, await certificateState(system, wantedCertificate(settings, unit)));
  await refreshConsole(system);
}

/** Files of the product that have the certificate, on this unit or on those that follow it, are written by a run. */
async function passOn(session: Session, { steps, ownRole }: Unit): Promise<void> {
  const all = [...steps, ...Object.values(ownRole?.followers ?? {}).flat()];
  if (!all.some((step) => step.use === 'variables' && step.with.certificate !== undefined)) return;
  await applyPrepared(session, await prepare(session.system, undefined));
}

interface Outcome {
  /** Another certificate is in use: one of the unit's own too, while an authority gives none. */
  changed: boolean;
  /** An authority was to be asked and gave none. */
  problem?: UnitError;
}

async function bringUpToDate(system: System, wanted: WantedCertificate, force: boolean, log: (line: string) => void): Promise<Outcome> {
  const placing = (await placeDue(system, wanted)) ?? (force && wanted.certificate.mode !== 'acme' ? 'asked for' : undefined);
  if (placing !== undefined) {
    log(placing);
    await place(system, wanted);
  }
  const asking = (await obtainDue(system, wanted)) ?? (force && wanted.certificate.mode === 'acme' ? 'asked for' : undefined);
  if (asking === undefined) return { changed: placing !== undefined };
  log(asking);
  const problem = await obtainAndPlace(system, wanted, log);
  if (problem === undefined) return { changed: true };
  const [message = '', ...remedies] = describeProblem(problem);
  return { changed: placing !== undefined, problem: new UnitError(message, { exitCode: ExitCode.step, remedies }) };
}

async function importFiles(session: Session, files: readonly string[], options: { passphraseFile?: string }): Promise<ExitCode> {
  const { system } = session;
  const held = await lock(system, LOCK);
  try {
    await mustBeSetUp(system);
    const unit = await readUnit(system);
    const settings = await settingsOf(system);
    const { certificate: before, names } = wantedCertificate(settings, unit);
    const text = (await Promise.all(files.map(readText))).join('\n');
    const passphrase = options.passphraseFile === undefined ? undefined : (await readText(options.passphraseFile)).replace(/\r?\n$/, '');
    const inspection = inspect(readMaterial(text, passphrase), { names, now: new Date(), roots: await trustedRoots(system) });
    const certificate = await saveUpload(system, { ...settings, certificate: before }, usable(inspection));
    const wanted = { certificate, names };
    await placeWhereDue(system, wanted);
    await reloadServices(system, unit, (line) => session.print(line));
    await passOn(session, unit);
    await refreshConsole(system);
    const findings = inspection.findings.map(({ code, severity, message, remedy }) => ({ code, severity, message, remedy }));
    session.emit({ type: 'result', command: 'cert import', data: { findings } });
    for (const { severity, message } of findings) session.print(`${severity}: ${message.en}`);
    return ExitCode.ok;
  } finally {
    await held.release();
  }
}

/** Saves it as the settings have an upload: in order, with a key that needs no passphrase. An earlier upload goes. */
async function saveUpload(system: System, settings: Settings, { chain, key }: ReturnType<typeof usable>): Promise<Certificate> {
  const productSchema = await readProductSchema(system);
  const pem = [...chain.sent, ...(chain.root === undefined ? [] : [chain.root])].map(String).join('');
  const { file: _file, passphrase: _passphrase, ...others } = settings.certificate;
  const certificate: Certificate = { ...others, mode: 'upload', pem, key: plainKey(key) };
  const origins = Object.entries(await loadOrigins(system)).filter(([path]) => !REPLACED.includes(path));
  const own = OWN.map((path) => [path, 'unitctl'] as const);
  await saveOrigins(system, Object.fromEntries([...origins, ...own]));
  await saveSettings(system, { ...settings, certificate }, productSchema);
  const store = new SecretStore(system);
  for (const path of REPLACED) await store.remove(secretFile(path));
  return certificate;
}

const OWN = ['certificate.mode', 'certificate.pem', 'certificate.key'];
const REPLACED = ['certificate.file', 'certificate.passphrase'];

/** `-` is standard input. @throws UnitError where it cannot be read, or is larger than any certificate */
async function readText(path: string): Promise<string> {
  const bytes = await readFile(path === '-' ? '/dev/stdin' : resolve(path)).catch((error: Error) => {
    throw new UnitError(`${path} cannot be read: ${error.message}`, { exitCode: ExitCode.answers, cause: error });
  });
  if (bytes.length <= MAX_BYTES) return bytes.toString('latin1');
  throw new UnitError(`${path} is too large for a certificate`, { exitCode: ExitCode.answers });
}

const MAX_BYTES = 1024 * 1024;

/** @throws UnitError before the unit has any */
async function settingsOf(system: System): Promise<Settings> {
  const settings = await loadSettings(system, await readProductSchema(system));
  if (settings !== undefined) return settings;
  throw new UnitError('this unit has no settings yet', {
    exitCode: ExitCode.unit,
    remedies: ['Set it up first: `unitctl apply --answers FILE`.'],
  });
}

/** Until then a run of `apply` sees to the certificate. */
async function mustBeSetUp(system: System): Promise<void> {
  if ((await readIfExists(system.path(UNIT_PATHS.finalised))) !== undefined) return;
  throw new UnitError('this unit is not set up yet', {
    exitCode: ExitCode.unit,
    remedies: ['Its certificate belongs to the answers: certificate.mode, certificate.pem.'],
  });
}
