/** The manifest (DSP0243, section 6.4) in the one spelling that every importer takes: SHA256, lower-case, no space before the bracket. */
export function manifestText(files: readonly { name: string; sha256: string }[]): string {
  return files.map(({ name, sha256 }) => `SHA256(${name})= ${sha256}\n`).join('');
}
