/**
 * Slows down whoever guesses the code. An address waits longer after each wrong entry; all wrong entries together only make
 * every answer slower by a few seconds: a stranger must not lock the owner out. Pure: times are given, in seconds.
 */

import { neighbourhood } from '../kit/neighbourhood.ts';

export interface Throttle {
  addresses: Record<string, Guesses>;
  /** Wrong entries of all addresses, halved every `HALF_LIFE`. */
  load: number;
  at: number;
}

export interface Guesses {
  failures: number;
  /** No entry counts before. */
  until: number;
}

export const CALM: Throttle = { addresses: {}, load: 0, at: 0 };

const LONGEST_WAIT = 60;
const LONGEST_DELAY = 3;
/** Wrong entries that cost everybody a second. */
const LOAD_OF_A_SECOND = 20;
const HALF_LIFE = 300;
/** Seconds after its wait when an address is like any other again. */
const FORGET = 900;
const MAX_ADDRESSES = 256;

/** Seconds until `address` may try again; 0 where it may now. */
export function waitOf(throttle: Throttle, address: string, now: number): number {
  return Math.max(0, (throttle.addresses[neighbourhood(address)]?.until ?? 0) - now);
}

/** Seconds that every answer is held back. */
export function delayOf(throttle: Throttle, now: number): number {
  return Math.min(LONGEST_DELAY, loadAt(throttle, now) / LOAD_OF_A_SECOND);
}

/** After a wrong entry. */
export function afterFailure(throttle: Throttle, address: string, now: number): Throttle {
  const key = neighbourhood(address);
  const before = throttle.addresses[key];
  const failures = (before === undefined || before.until + FORGET < now ? 0 : before.failures) + 1;
  const until = now + Math.min(LONGEST_WAIT, 2 ** (failures - 1));
  const addresses = { ...recent(throttle.addresses, now), [key]: { failures, until } };
  return { addresses, load: loadAt(throttle, now) + 1, at: now };
}

/** Half of the addresses where there are too many, those that wait longest: not one by one, for each would be looked at each time. */
function recent(addresses: Throttle['addresses'], now: number): Throttle['addresses'] {
  const entries = Object.entries(addresses);
  if (entries.length < MAX_ADDRESSES) return addresses;
  const waiting = entries.filter(([, { until }]) => until + FORGET > now).sort(([, a], [, b]) => b.until - a.until);
  return Object.fromEntries(waiting.slice(0, MAX_ADDRESSES / 2));
}

/** After the right entry: the address is forgiven. */
export function afterSuccess(throttle: Throttle, address: string): Throttle {
  const key = neighbourhood(address);
  return { ...throttle, addresses: Object.fromEntries(Object.entries(throttle.addresses).filter(([other]) => other !== key)) };
}

function loadAt({ load, at }: Throttle, now: number): number {
  return load * 0.5 ** (Math.max(0, now - at) / HALF_LIFE);
}
