/**
 * What the setup page may ask of the root helper: named actions with schema-checked parameters, and nothing else. The page's
 * process is unprivileged; it never sees a secret that was kept, nor a file that root alone reads.
 *
 * One request a connection to the socket: a line of JSON, `{ "action", ...parameters }`. Answers are lines of JSON: any number
 * of `{ "type": "event", "event" }`, then one `{ "type": "result", "data" }` or one `{ "type": "error", ... }`.
 */
import Type, { type Static, type TSchema } from 'typebox';

import type { ApplyEvent, UnitState } from './events.ts';
import type { EveryText, Texts } from './texts.ts';
import type { Look } from './unit.ts';

export const HELPER_SOCKET = '/run/unit/helper.sock';

const strict = { additionalProperties: false } as const;

/** Parameters of each action. */
export const HELPER_REQUESTS = {
  /** What anybody may know. Answer: `UnitStatus`. */
  status: Type.Object({}, strict),
  /** The one-time code, in constant time and slowed down by `from`, the caller's address. Answer: `ClaimAnswer`. */
  claim: Type.Object({ code: Type.String({ maxLength: 64 }), from: Type.String({ maxLength: 64 }) }, strict),
  /** Answer: `KeptSettings`. */
  'settings-read': Type.Object({}, strict),
  /**
   * Keeps values of one section as the wizard's. A secret that is left out stays as it is kept; `clear` lists dotted paths whose
   * kept value goes. Wrong values are kept too, so that nothing typed is lost. Answer: `KeptSettings`.
   */
  'settings-write': Type.Object(
    {
      section: Type.String({ maxLength: 64 }),
      values: Type.Record(Type.String(), Type.Unknown()),
      clear: Type.Optional(Type.Array(Type.String({ maxLength: 256 }), { maxItems: 64 })),
    },
    strict,
  ),
  /** One check of one section (sections/checks.ts) with the values as they are kept. Answer: `CheckReport`. */
  check: Type.Object(
    {
      section: Type.String({ maxLength: 64 }),
      check: Type.String({ maxLength: 64 }),
      parameters: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    },
    strict,
  ),
  /** Answer: `PlanWords`. */
  plan: Type.Object({}, strict),
  /** Starts the run; it goes on by itself whatever becomes of page and helper. Answer: `{ started: true }`. */
  apply: Type.Object({}, strict),
  /** The events of the run from its beginning, then those to come, until it ends. Answer: `{ state: UnitState }`. */
  follow: Type.Object({}, strict),
  /** What the owner is shown once the unit is ready. Answer: `SetupResult`. */
  result: Type.Object({}, strict),
  /** The owner has seen the result: setup closes. Answer: `{ closed: true }`. */
  confirm: Type.Object({}, strict),
} satisfies Record<string, TSchema>;

export type HelperAction = keyof typeof HELPER_REQUESTS;
export type HelperParameters<A extends HelperAction> = Static<(typeof HELPER_REQUESTS)[A]>;

export interface UnitStatus {
  state: UnitState;
  /** Finalised, and the last run ended well: where the state is `failed`, a service is not ready, and the result can be shown. */
  settled: boolean;
  image: string;
  version: string;
  title: Texts;
  look?: Look;
  claimed: boolean;
  /** The sections that the image wants, in its order; all of them where absent. */
  sections?: string[];
  hostName: string;
  /** `domain.name` as it is kept: the page may be opened by it. */
  domain?: string;
  /** Without the loopback ones and link-local IPv6. */
  addresses: string[];
  /** SHA-256 of the setup certificate (DER), upper-case hex in pairs with colons. */
  fingerprint: string;
}

/** `wait`: seconds until this address may try again. */
export type ClaimAnswer = { ok: true } | { ok: false; wait: number };

export interface SettingProblem {
  /** Dotted path from the top of the answers. */
  path: string;
  message: string;
  /** The same for the page, where a rule between settings found it: without the setting's name, which stands before it. */
  texts?: EveryText;
  /** The schema keyword or the rule that found it. */
  keyword: string;
  /** It is missing, rather than wrong. */
  missing: boolean;
}

/** Without its value: that may be a secret in a wrong place. */
export interface RefusedAnswer {
  /** Place, what is wrong and what to do, in English. */
  sentence: string;
  /** Such as `answers.yaml:4:10`; empty where it is not known. */
  place: string;
  /** Where it is a setting that is wrong. */
  problem?: SettingProblem;
}

export interface KeptSettings {
  /** Answers of all sources merged, defaults filled in; secrets left out. */
  values: Record<string, unknown>;
  /** Dotted paths of secrets that have a value. */
  secretsSet: string[];
  /** Source of each given value, by dotted path. */
  origins: Record<string, string>;
  problems: SettingProblem[];
  /** What is wrong with answers from outside, of which nothing was kept. */
  refused?: RefusedAnswer[];
  /** JSON Schema of all answers, the product's under `product`. */
  schema: object;
}

export interface CheckFinding {
  severity: 'error' | 'warning' | 'info' | 'ok';
  message: EveryText;
  /** What to do about it. */
  remedy?: EveryText;
}

/** What a table's cell says: words, or what is the same in every language and ready to copy. */
export type TableCell = string | EveryText;

export interface CheckReport {
  findings: CheckFinding[];
  table?: { columns: EveryText[]; rows: TableCell[][] };
  /** Lines such as an SMTP conversation, for whoever wants them. */
  log?: string[];
  /** Small facts that the section's view knows what to do with, such as a hand-over link. */
  data?: Record<string, unknown>;
}

export interface PlanWords {
  steps: { id: string; title: Texts; words: Texts }[];
}

export interface SetupResult {
  state: UnitState;
  /** Services that are not ready just now. */
  notReady: Texts[];
  urls: string[];
  /** SHA-256 of the product's certificate where there is one, else of the setup page's. */
  fingerprint: string;
  /** The unit's own authority (PEM), where it signed the product's certificate: for browsers to trust. */
  authority?: string;
  /** What did not come out as wanted, and does not stand in the way: an authority that gave no certificate. */
  warnings: EveryText[];
  /** The image's own; links are full URLs. */
  nextSteps: { text: Texts; link?: string }[];
  /** Generated secrets of the product that the owner must save: title and value. */
  credentials: { title: Texts; value: string }[];
}

export interface HelperAnswers {
  status: UnitStatus;
  claim: ClaimAnswer;
  'settings-read': KeptSettings;
  'settings-write': KeptSettings;
  check: CheckReport;
  plan: PlanWords;
  apply: { started: true };
  follow: { state: UnitState };
  result: SetupResult;
  confirm: { closed: true };
}

export type HelperMessage =
  | { type: 'event'; event: ApplyEvent }
  | { type: 'result'; data: unknown }
  | { type: 'error'; message: string; remedies: readonly string[]; texts?: EveryText };
