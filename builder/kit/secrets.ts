/** Secrets are registered once, and scrubbed from every line that leaves the process, encoded forms too. */
const MASK = '********';
/** Shorter values would blank out innocent text. */
const SHORTEST = 6;

export class Secrets {
  readonly #forms = new Set<string>();

  register(secret: string): void {
    if (secret.length < SHORTEST) return;
    const json = JSON.stringify(secret).slice(1, -1);
    for (const form of [secret, json, encodeURIComponent(secret), Buffer.from(secret).toString('base64')]) this.#forms.add(form);
  }

  scrub(text: string): string {
    let clean = text;
    for (const form of this.#forms) clean = clean.replaceAll(form, MASK);
    return clean;
  }
}

/** Passwords of all URLs in a text (RFC 3986, userinfo), as written and decoded, alone and with the user as HTTP sends them. */
export function passwordsIn(text: string): string[] {
  return [...text.matchAll(/[a-z][a-z0-9+.-]*:\/\/([^/@\s:]*):([^/@\s]+)@/gi)].flatMap(([, user = '', password = '']) => {
    const plain = decoded(password);
    return [...new Set([password, plain, `${decoded(user)}:${plain}`])];
  });
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** User name and password of a URL, or of all URLs in a text, taken out, the rest kept: for sources that are named in logs and provenance. */
export function withoutCredentials(text: string): string {
  return text.replace(/\b([a-z][a-z0-9+.-]*:\/\/)[^/@\s]*@/gi, '$1');
}

/**
 * What documents that are published say of an address: host and path. A query may be a token (presigned URLs), and other than
 * http(s) is a path of the machine that bakes: undefined; the file's hash says the rest.
 */
export function publicUrl(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const { protocol, origin, pathname } = new URL(url);
  return protocol === 'http:' || protocol === 'https:' ? `${origin}${pathname}` : undefined;
}
