/** Text that people read, by language (BCP 47 primary tag). English is always there: it is what other languages fall back to. */
import Type, { type Static } from 'typebox';

export const Texts = Type.Object(
  { en: Type.String({ minLength: 1 }), ja: Type.Optional(Type.String({ minLength: 1 })), ru: Type.Optional(Type.String({ minLength: 1 })) },
  { additionalProperties: false, description: 'A text by language; `en` is required, others fall back to it.' },
);
export type Texts = Static<typeof Texts>;

/** What this project itself says: in every language. What an image says may fall back to English. */
export type EveryText = Required<Texts>;

export function textIn(texts: Texts, language: string): string {
  return (language === 'ja' || language === 'ru' ? texts[language] : undefined) ?? texts.en;
}
