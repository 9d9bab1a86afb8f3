/** Secrets are registered once and masked in every line that leaves the process, encoded forms too. */
const MASK = '********';
/** Shorter values would blank out innocent text. */
const SHORTEST = 6;

export class Scrubber {
  readonly #forms = new Set<string>();
  /** Longest first: a secret that contains another one must not leave its rest behind. */
  #sorted: string[] | undefined;

  register(secret: string): void {
    if (secret.length < SHORTEST) return;
    // Programs report line by line, so that a secret of several lines leaks one line at a time.
    const lines = secret.split(/\r?\n/).filter((line) => line.length >= SHORTEST);
    for (const text of new Set([secret, ...lines])) for (const form of formsOf(text)) this.#forms.add(form);
    this.#sorted = undefined;
  }

  scrub(text: string): string {
    this.#sorted ??= [...this.#forms].sort((a, b) => b.length - a.length);
    let clean = text;
    for (const form of this.#sorted) clean = clean.replaceAll(form, MASK);
    return clean;
  }

  /** The same of a text in each of its languages. */
  scrubEach<K extends string>(texts: Readonly<Record<K, string>>): Record<K, string> {
    return Object.fromEntries(Object.entries<string>(texts).map(([language, text]) => [language, this.scrub(text)])) as Record<K, string>;
  }
}

/** How programs write a value down: as it is, quoted for JSON (once and twice), SQL, a shell, XML, in a URL, in base64 and hex. */
function formsOf(secret: string): string[] {
  const json = JSON.stringify(secret).slice(1, -1);
  const ascii = json.replace(/[\u0080-\uffff]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
  const uri = safeUri(secret);
  const hex = Buffer.from(secret).toString('hex');
  const forms = [
    secret,
    json,
    JSON.stringify(json).slice(1, -1),
    ascii,
    secret.replaceAll("'", "''"),
    secret.replaceAll("'", `'\\''`),
    secret.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
    secret.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;').replaceAll("'", '&#39;'),
    uri,
    uri.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
    uri.replaceAll('%20', '+'),
    // RFC 3986: what encodeURIComponent leaves, other languages encode.
    uri.replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`),
    hex,
    hex.toUpperCase(),
    ...base64Forms(Buffer.from(secret)),
  ];
  return forms.filter((form) => form.length >= SHORTEST);
}

/** On its own, and inside something longer (`user:password`), where it begins at any of three places of a group. */
function base64Forms(secret: Buffer): string[] {
  const inside = [0, 1, 2].map((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), secret])
      .toString('base64')
      .replace(/=+$/, '');
    // The first and last characters hold bits of the neighbours too.
    return text.slice(offset === 0 ? 0 : offset + 1, (offset + secret.length) % 3 === 0 ? undefined : -1);
  });
  const alone = secret.toString('base64');
  const standard = [alone, alone.replace(/=+$/, ''), ...inside];
  return [...standard, ...standard.map((text) => text.replaceAll('+', '-').replaceAll('/', '_'))];
}

function safeUri(secret: string): string {
  try {
    return encodeURIComponent(secret);
  } catch {
    // A lone surrogate has no UTF-8 form, so it cannot appear percent-encoded either.
    return secret;
  }
}
