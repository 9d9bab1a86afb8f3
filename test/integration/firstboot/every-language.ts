import type { EveryText } from '../../../firstboot/contract/texts.ts';

/** One text for all languages, where it does not matter in which it is shown. */
export function every(text: string): EveryText {
  return { en: text, ja: text, ru: text };
}
