/** cloud-init took what a NoCloud datasource gave it: a file, a host name, and a key for the default user. */
import { parse } from 'yaml';

import { compileSchema } from '../../kit/schema.ts';
import { type Check, passed, problem } from '../check.ts';

const SCHEMA = '/usr/lib/python3/dist-packages/cloudinit/config/schemas/schema-cloud-config-v1.json';

export const nocloud: Check = {
  id: 'nocloud',
  title: 'cloud-init follows a NoCloud datasource',
  applies: ({ seeded }) => seeded.nocloud !== undefined,
  async run({ machine, seeded }) {
    const seed = seeded.nocloud;
    if (seed === undefined) return passed();
    const findings = [];
    const { exitCode, stdout: raw } = await machine.ssh('cat /run/cloud-init/result.json');
    if (exitCode !== 0) return { findings: [problem('cloud-init did not come to a result: it is not installed, disabled or stuck')] };
    const result = (JSON.parse(raw) as { v1: { datasource: string | null; errors: string[] } }).v1;
    if (!(result.datasource ?? '').includes('NoCloud'))
      findings.push(problem(`cloud-init took ${result.datasource ?? 'no datasource'}, not NoCloud`));
    for (const error of result.errors) findings.push(problem(`cloud-init reports an error: ${error}`));

    const file = await machine.ssh(['cat', seed.file.path]);
    if (file.stdout !== seed.file.content)
      findings.push(problem(`write_files was not followed: ${seed.file.path} holds something else or is missing`));
    const hostname = (await machine.output('hostname')).trim();
    if (hostname !== seed.hostname) findings.push(problem(`the host name is ${hostname}, not the ${seed.hostname} of the meta-data`));

    const user = await userWithKey(machine.output.bind(machine), seed.publicKey);
    if (user === undefined) {
      findings.push(problem('the SSH key of the user-data went to no user'));
    } else {
      const login = await machine.ssh(['id', '-un'], { login: { user, keyFile: seed.keyFile } });
      if (login.stdout.trim() !== user)
        findings.push(problem(`${user} cannot log in with the key of the user-data: ${login.stderr.trim()}`));
    }
    // What we hand to cloud-init is held to the schema of the very cloud-init that reads it.
    const schema = await machine.ssh(['cat', SCHEMA]);
    const violations =
      schema.exitCode === 0 ? compileSchema(JSON.parse(schema.stdout) as object, { draft: '04', strict: false })(parse(seed.userData)) : [];
    for (const violation of violations)
      findings.push(problem(`our user-data does not fit this cloud-init: ${violation.path} ${violation.message}`));
    return { findings, facts: { datasource: result.datasource, user, hostname, schemaChecked: schema.exitCode === 0 } };
  },
};

/** The ordinary user whose authorized_keys holds the key. */
async function userWithKey(output: (script: string) => Promise<string>, publicKey: string): Promise<string | undefined> {
  const material = publicKey.split(' ')[1] ?? publicKey;
  const found = await output(`grep -lsF '${material}' /home/*/.ssh/authorized_keys || true`);
  return /^\/home\/([^/]+)\//m.exec(found)?.[1];
}
