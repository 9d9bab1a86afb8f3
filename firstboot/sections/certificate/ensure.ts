/**
 * Brings the certificate that the settings want into use: at once what the unit can make or was given, and from an authority
 * in a step of its own, which may fail without taking the unit along.
 */
import type { KeyObject } from 'node:crypto';
import { createPrivateKey } from 'node:crypto';

import { monotonicNow } from '../../apply/journal.ts';
import type { EveryText } from '../../contract/texts.ts';
import { ExitCode, ProgramError, UnitError } from '../../kit/errors.ts';
import type { System } from '../../kit/system.ts';
import { OUTSIDE, type Outside, obtain, type WholeAcme } from './acme/obtain.ts';
import { AcmeProblem, problemWords } from './acme/problems.ts';
import { makeSelfSigned, selfSignedDue } from './authority.ts';
import type { Chain } from './chain.ts';
import { type Inspection, inspect, isFor } from './inspect.ts';
import { materialOf } from './material.ts';
import { ownNames, type WantedCertificate } from './names.ts';
import { type InUse, install, type Pair, readFailure, readInUse, writeFailure } from './place.ts';

/** Of an authority's certificate, the share of its life that is left when the unit asks for the next one. */
const RENEW_SHARE = 1 / 3;

/** Why what can be had at once is not in use; undefined where it is. @throws UnitError for an upload that no server could use */
export async function placeDue(system: System, wanted: WantedCertificate): Promise<string | undefined> {
  const { certificate, names } = wanted;
  const inUse = await readInUse(system);
  if (certificate.mode === 'upload') return sameAs(uploaded(wanted), inUse) ? undefined : 'another certificate is in use';
  if (certificate.mode === 'acme' && serves(inUse, names)) return undefined;
  return selfSignedDue(system, inUse, await ownNames(system, names), new Date());
}

/** Puts it into use. The caller holds the unit's lock. */
export async function place(system: System, wanted: WantedCertificate): Promise<void> {
  const pair = wanted.certificate.mode === 'upload' ? uploaded(wanted) : await makeSelfSigned(system, await ownNames(system, wanted.names));
  await install(system, pair);
}

/** The same where it is due; and what an authority said is forgotten that is asked no more. */
export async function placeWhereDue(system: System, wanted: WantedCertificate): Promise<void> {
  if ((await placeDue(system, wanted)) !== undefined) await place(system, wanted);
  if ((await failureIsOld(system, wanted)) !== undefined) await writeFailure(system, undefined);
}

export async function failureIsOld(system: System, { certificate }: WantedCertificate): Promise<string | undefined> {
  return certificate.mode !== 'acme' && (await readFailure(system)) !== undefined ? 'an authority that failed is asked no more' : undefined;
}

/** While an authority is still to be asked, any that browsers could take is better than one of the unit's own. */
function serves(inUse: InUse | undefined, names: readonly string[]): boolean {
  if (inUse === undefined || inUse.made.mode === 'self-signed') return false;
  return names.every((name) => isFor(inUse.leaf, name)) && Date.parse(inUse.leaf.validTo) > Date.now();
}

/** @throws UnitError where no server could use it */
function uploaded({ certificate, names }: WantedCertificate): Pair {
  const { chain, key } = usable(inspect(materialOf(certificate), { names, now: new Date(), roots: [] }));
  return { fullchain: chain.sent.map(String).join(''), privkey: plainKey(key), made: { mode: 'upload' } };
}

/** @throws UnitError naming everything for which a server would not take it */
export function usable({ findings, chain, key }: Inspection): { chain: Chain; key: KeyObject } {
  const blocking = findings.filter(({ blocks }) => blocks);
  if (blocking.length === 0 && chain !== undefined && key !== undefined) return { chain, key };
  const all = (language: keyof EveryText): string =>
    blocking.flatMap(({ message, remedy }) => [message[language], remedy?.[language] ?? []].flat()).join(' ');
  throw new UnitError(blocking.map(({ message }) => message.en).join(' '), {
    exitCode: ExitCode.answers,
    texts: { en: all('en'), ja: all('ja'), ru: all('ru') },
    remedies: blocking.flatMap(({ remedy }) => (remedy === undefined ? [] : [remedy.en])),
  });
}

export function plainKey(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function sameAs(pair: Pair, inUse: InUse | undefined): boolean {
  if (inUse === undefined || inUse.made.mode !== 'upload' || inUse.fullchain !== pair.fullchain) return false;
  return plainKey(createPrivateKey(inUse.privkey)) === pair.privkey;
}

/** Why an authority is to be asked; undefined where its certificate is in use and good for a while, or none is wanted. */
export async function obtainDue(system: System, { certificate, names }: WantedCertificate): Promise<string | undefined> {
  if (certificate.mode !== 'acme') return undefined;
  const inUse = await readInUse(system);
  const { acme = {} } = certificate;
  if (inUse?.made.mode !== 'acme') return 'the certificate in use is not of the authority';
  const { made, leaf } = inUse;
  if (made.directory !== acme.directory) return 'the certificate in use is of another authority';
  if (made.keyType !== acme.keyType) return 'the certificate in use has a key of another kind';
  const missing = names.find((name) => !isFor(leaf, name));
  if (missing !== undefined) return `the certificate is not for ${missing}`;
  const [from, to] = [Date.parse(leaf.validFrom), Date.parse(leaf.validTo)];
  return to - Date.now() < (to - from) * RENEW_SHARE ? 'the certificate is about to expire' : undefined;
}

/**
 * Asks the authority and puts its certificate into use. What is in use stays where it gives none; why is kept.
 * @returns the problem, where there is one
 */
export async function obtainAndPlace(
  system: System,
  { certificate, names, proxy }: WantedCertificate,
  log: (line: string) => void,
  outside: Outside = OUTSIDE,
): Promise<AcmeProblem | undefined> {
  try {
    await install(
      system,
      await obtain(system, certificate.acme as WholeAcme, names, log, { ...outside, ...(proxy === undefined ? {} : { proxy }) }),
    );
    await writeFailure(system, undefined);
    return undefined;
  } catch (error) {
    if (!(error instanceof AcmeProblem || error instanceof ProgramError)) throw error;
    const problem = error instanceof AcmeProblem ? error : new AcmeProblem('other', error.message);
    const { code, detail } = problem;
    await writeFailure(system, { time: new Date().toISOString(), code, detail, boot: await system.bootId(), clock: monotonicNow() });
    return problem;
  }
}

/** Lines for people: what went wrong, what to do, what was said. */
export function describeProblem({ code, detail }: Pick<AcmeProblem, 'detail'> & { code: string }): string[] {
  const { message, remedy } = problemWords(code);
  return [message.en, remedy.en, ...(detail === '' ? [] : [`(${detail})`])];
}
