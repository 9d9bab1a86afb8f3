/** Credentials of DNS providers as lego takes them without a secret in its environment: each variable names a file. */

export interface CredentialFiles {
  /** Environment of the client; no value in it is secret. `{folder}` stands for where the files are. */
  env: Record<string, string>;
  /** Content by file name. */
  files: Record<string, string>;
  /** To be masked wherever they appear. */
  values: string[];
}

/** Keys of Amazon's own library, which reads no `_FILE` but a file of its own form. */
const AMAZON = new Map([
  ['AWS_ACCESS_KEY_ID', 'aws_access_key_id'],
  ['AWS_SECRET_ACCESS_KEY', 'aws_secret_access_key'],
  ['AWS_SESSION_TOKEN', 'aws_session_token'],
]);
const AMAZON_FILE = 'aws';

/** `text`: lines of NAME=value, as the settings have them. */
export function credentialFiles(text: string): CredentialFiles {
  const pairs = [...text.matchAll(/^\s*([A-Z][A-Z0-9_]*)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value.trim()] as const);
  const result: CredentialFiles = { env: {}, files: {}, values: pairs.map(([, value]) => value) };
  for (const [name, value] of pairs.filter(([each]) => !AMAZON.has(each))) {
    // The rest of Amazon's are names of regions and zones, read from the environment alone.
    if (name.startsWith('AWS_')) result.env[name] = value;
    else {
      result.env[`${name}_FILE`] = `{folder}/${name}`;
      result.files[name] = value;
    }
  }
  const amazon = pairs.filter(([name]) => AMAZON.has(name));
  if (amazon.length > 0) {
    result.env['AWS_SHARED_CREDENTIALS_FILE'] = `{folder}/${AMAZON_FILE}`;
    result.files[AMAZON_FILE] = `[default]\n${amazon.map(([name, value]) => `${AMAZON.get(name)} = ${value}\n`).join('')}`;
  }
  return result;
}
