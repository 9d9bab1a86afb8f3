/** Random secrets, each character chosen evenly (crypto.randomInt has no modulo bias). */
import { randomInt } from 'node:crypto';

const DIGITS = '0123456789';
const LETTERS = 'abcdefghijklmnopqrstuvwxyz';

export const ALPHABETS = {
  alphanumeric: `${DIGITS}${LETTERS}${LETTERS.toUpperCase()}`,
  hex: `${DIGITS}abcdef`,
  base64: `${LETTERS.toUpperCase()}${LETTERS}${DIGITS}+/`,
} as const;

export function generateSecret(length: number, alphabet: keyof typeof ALPHABETS): string {
  const letters = ALPHABETS[alphabet];
  return Array.from({ length }, () => letters[randomInt(letters.length)]).join('');
}
