/** Secrets are registered once and masked in every line that leaves the process, encoded forms too. */
const MASK = '********';
/** Shorter values would blank out innocent text. */
const SHORTEST = 6;

export class Scrubber {
  readonly #forms = new Set<string>();

  register(secret: string): void {
    if (secret.length < SHORTEST) return;
    const json = JSON.stringify(secret).slice(1, -1);
    const sql = secret.replaceAll("'", "''");
    const forms = [secret, json, sql, safeUri(secret), Buffer.from(secret).toString('base64')];
    // Programs report line by line, so that a secret of several lines leaks one line at a time.
    const lines = secret.split(/\r?\n/).filter((line) => line.length >= SHORTEST);
    for (const form of [...forms, ...lines]) this.#forms.add(form);
  }

  scrub(text: string): string {
    let clean = text;
    // Longest first: a secret that contains another one must not leave its rest behind.
    for (const form of [...this.#forms].sort((a, b) => b.length - a.length)) clean = clean.replaceAll(form, MASK);
    return clean;
  }
}

function safeUri(secret: string): string {
  try {
    return encodeURIComponent(secret);
  } catch {
    // A lone surrogate has no UTF-8 form, so it cannot appear percent-encoded either.
    return secret;
  }
}
