/**
 * How hard a password is to guess: an estimate, and said to be one. Length and kinds of characters give bits; what guessers try
 * first (common words, names of this unit, rows of keys, repetition, years) gives next to none. It knows no dictionary.
 */
import type { EveryText } from '../contract/texts.ts';

export type Strength = 'weak' | 'fair' | 'good' | 'strong';

export interface Estimate {
  /** Binary logarithm of the guesses that an attacker needs, about. */
  bits: number;
  strength: Strength;
  /** What takes from it. */
  reasons: ('word' | 'name' | 'row' | 'repeat' | 'year' | 'short')[];
}

/** Of the lists of leaked passwords, what is behind most entries; leet spelling is undone before they are looked for. */
const COMMON = (
  'password passwort passwd parol secret geheim welcome willkommen admin administrator root login letmein changeme default master ' +
  'monkey dragon football baseball iloveyou princess sunshine shadow superman batman trustno test guest user server system ' +
  'qwerty qwertz azerty qazwsx zaq1 asdf hello love summer winter spring autumn january sakura'
).split(' ');
const ROWS = [
  'abcdefghijklmnopqrstuvwxyz',
  '01234567890',
  'qwertyuiop',
  'asdfghjkl',
  'zxcvbnm',
  'qwertzuiop',
  'йцукенгшщзхъ',
  'фывапролджэ',
  'ячсмитьбю',
];
const LEET: Readonly<Record<string, string>> = { '0': 'o', '1': 'l', '3': 'e', '4': 'a', '5': 's', '7': 't', '@': 'a', $: 's', '!': 'i' };
/** What a known piece is worth, whichever it is. */
const PIECE_BITS = 8;
const SHORT = 12;

/** `names`: what stands around the password, such as the log-in and the domain. */
export function estimate(password: string, names: readonly string[] = []): Estimate {
  const reasons = new Set<Estimate['reasons'][number]>();
  let rest = password;
  let pieces = 0;
  const take = (reason: Estimate['reasons'][number], found: (text: string) => string | undefined): void => {
    for (let piece = found(rest); piece !== undefined; piece = found(rest)) {
      reasons.add(reason);
      pieces += 1;
      const at = plain(rest).indexOf(plain(piece));
      // What remains of it must not run into its neighbours and make a piece of them.
      rest = `${rest.slice(0, at)}\n${rest.slice(at + piece.length)}`;
    }
  };
  const among =
    (words: readonly string[]) =>
    (text: string): string | undefined =>
      words.find((word) => plain(text).includes(plain(word)));
  take('name', among(names.flatMap((name) => name.split(/[.@\s-]/)).filter((name) => name.length >= 4)));
  take('word', among(COMMON));
  take('row', rowIn);
  take('year', (text) => /(?:19|20)\d\d/.exec(text)?.[0]);
  take('repeat', (text) => /([^\n]+?)\1{2,}/u.exec(text)?.[0]);
  if (password.length < SHORT) reasons.add('short');
  const others = [...rest.replaceAll('\n', '')];
  const bits = Math.round(new Set(others).size <= 1 ? others.length : others.length * Math.log2(poolOf(others))) + pieces * PIECE_BITS;
  return { bits, strength: strengthOf(bits), reasons: [...reasons] };
}

function strengthOf(bits: number): Strength {
  if (bits < 40) return 'weak';
  if (bits < 55) return 'fair';
  return bits < 75 ? 'good' : 'strong';
}

function plain(text: string): string {
  return [...text.toLowerCase()].map((character) => LEET[character] ?? character).join('');
}

/** Four or more neighbours of a row, in either direction. */
function rowIn(text: string): string | undefined {
  const lower = text.toLowerCase();
  for (const row of ROWS.flatMap((each) => [each, [...each].reverse().join('')])) {
    for (let length = row.length; length >= 4; length -= 1) {
      for (let at = 0; at + length <= row.length; at += 1) {
        const piece = row.slice(at, at + length);
        if (lower.includes(piece)) return piece;
      }
    }
  }
  return undefined;
}

function poolOf(characters: readonly string[]): number {
  const kinds: readonly (readonly [RegExp, number])[] = [
    [/[a-z]/, 26],
    [/[A-Z]/, 26],
    [/[0-9]/, 10],
    [/[ -/:-@[-`{-~]/, 33],
    [/[^ -~]/, 60],
  ];
  const pool = kinds.reduce((sum, [kind, size]) => sum + (characters.some((each) => kind.test(each)) ? size : 0), 0);
  return Math.max(pool, 2);
}

/** The estimate in words, and where it is not good what would make it better. */
export function adviceFor(password: string, names: readonly string[]): { message: EveryText; remedy?: EveryText } {
  const { strength, reasons } = estimate(password, names);
  const wanting = strength === 'weak' || strength === 'fair';
  return { message: WORDS[strength], ...(wanting && reasons[0] !== undefined ? { remedy: ADVICE[reasons[0]] } : {}) };
}

const WORDS: Readonly<Record<Strength, EveryText>> = {
  weak: {
    en: 'This password is easy to guess, by our estimate.',
    ja: '推定では、推測されやすいパスワードです。',
    ru: 'По нашей оценке, этот пароль легко подобрать.',
  },
  fair: {
    en: 'This password is fair, by our estimate.',
    ja: '推定では、まずまずのパスワードです。',
    ru: 'По нашей оценке, пароль сносный.',
  },
  good: { en: 'This password is good, by our estimate.', ja: '推定では、良いパスワードです。', ru: 'По нашей оценке, пароль хороший.' },
  strong: {
    en: 'This password is strong, by our estimate.',
    ja: '推定では、強いパスワードです。',
    ru: 'По нашей оценке, пароль надёжный.',
  },
};
const ADVICE: Readonly<Record<Estimate['reasons'][number], EveryText>> = {
  name: { en: 'Leave names of this unit out.', ja: 'このユニットに関する名前を避けてください。', ru: 'Не используйте имена этого узла.' },
  word: {
    en: 'Leave common words out; take several rare ones.',
    ja: 'よくある単語を避け、珍しい単語を複数使ってください。',
    ru: 'Уберите частые слова; возьмите несколько редких.',
  },
  row: { en: 'Leave rows of keys and letters out.', ja: 'キーや文字の並びを避けてください。', ru: 'Уберите ряды клавиш и букв.' },
  repeat: { en: 'Do not repeat the same characters.', ja: '同じ文字の繰り返しを避けてください。', ru: 'Не повторяйте одни и те же знаки.' },
  year: { en: 'Leave years out.', ja: '年を避けてください。', ru: 'Уберите годы.' },
  short: {
    en: 'Make it longer: length counts most.',
    ja: 'もっと長くしてください。長さが最も効果的です。',
    ru: 'Сделайте его длиннее: длина важнее всего.',
  },
};
