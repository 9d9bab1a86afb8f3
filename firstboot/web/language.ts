/** Which of the page's languages a browser gets: its choice, else what it prefers (RFC 9110, 12.5.4), else English. */
import en from './texts/en.json' with { type: 'json' };
import ja from './texts/ja.json' with { type: 'json' };
import ru from './texts/ru.json' with { type: 'json' };

export type TextKey = keyof typeof en;
export const LANGUAGES = ['en', 'ja', 'ru'] as const;
export type Language = (typeof LANGUAGES)[number];

export const TEXTS: Record<Language, Record<TextKey, string>> = { en, ja, ru };
/** Each in its own language. */
export const LANGUAGE_NAMES: Record<Language, string> = { en: 'English', ja: '日本語', ru: 'Русский' };

/** `{name}` in a text is put in from `parameters`. */
export type Translate = (key: TextKey, parameters?: Readonly<Record<string, unknown>>) => string;

export function translator(language: Language): Translate {
  return (key, parameters = {}) => TEXTS[language][key].replace(/\{(\w+)\}/g, (whole, name: string) => String(parameters[name] ?? whole));
}

export function languageOf(text: string | undefined, offered: readonly Language[]): Language | undefined {
  return offered.find((language) => language === text);
}

/** The best of `offered` for an Accept-Language header; the first one where nothing fits. */
export function preferredLanguage(header: string | undefined, offered: readonly Language[]): Language {
  const wishes = (header ?? '').split(',').flatMap((part) => {
    const match = /^\s*([a-z]{1,8})(?:-[a-z0-9-]*)?\s*(?:;\s*q=([01](?:\.\d{0,3})?))?\s*$/i.exec(part);
    const language = languageOf(match?.[1]?.toLowerCase(), offered);
    return language === undefined ? [] : [{ language, weight: Number(match?.[2] ?? 1) }];
  });
  const best = wishes.filter(({ weight }) => weight > 0).sort((a, b) => b.weight - a.weight)[0];
  return best?.language ?? offered[0] ?? 'en';
}
