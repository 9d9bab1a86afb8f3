/** cloud-init took what a NoCloud datasource gave it: a file, a host name, and a key for the default user. */
import { CLOUD_INIT_SCHEMAS, cloudConfigProblems, compileCloudInitSchemas } from '../../definition/cloud-init.ts';
import { parseYaml } from '../../definition/document.ts';
import { boxUserData } from '../../formats/vagrant/box.ts';
import { answersUserData } from '../../vm/seeds/answers.ts';
import { type Check, type CheckResult, passed, problem } from '../check.ts';

const SCHEMA = `/${CLOUD_INIT_SCHEMAS}/schema-cloud-config-v1.json`;

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
    const schema = await machine.ssh(['cat', SCHEMA]);
    if (schema.exitCode === 0) findings.push(...judgeUserData(schema.stdout, { ...OUR_USER_DATA, 'this seed': () => seed.userData }));
    return { findings, facts: { datasource: result.datasource, user, hostname, schemaChecked: schema.exitCode === 0 } };
  },
};

/** Beside this run's own: what `unitsmith seed` makes, which is one file whatever the answers are, and what boxes bring. */
export const OUR_USER_DATA: Readonly<Record<string, () => string>> = {
  'unitsmith seed': () => answersUserData(Buffer.from('schemaVersion: 1\n')),
  'a Vagrant box': boxUserData,
};

/** All user-data that we make is held to the schema of the very cloud-init that reads it. */
export function judgeUserData(schema: string, userData: Readonly<Record<string, () => string>>): CheckResult['findings'] {
  const compiled = compileCloudInitSchemas({ cloudConfig: JSON.parse(schema) as object, network1: undefined, network2: undefined });
  return Object.entries(userData).flatMap(([whose, textOf]) => {
    const { document, problems } = parseYaml(Buffer.from(textOf()), whose);
    const found = document === undefined ? problems : cloudConfigProblems(document, compiled);
    return found.map(({ message, where }) =>
      problem(`the user-data of ${whose} does not fit this cloud-init: ${where?.path ?? ''} ${message}`),
    );
  });
}

/** The ordinary user whose authorized_keys holds the key. */
async function userWithKey(output: (script: string) => Promise<string>, publicKey: string): Promise<string | undefined> {
  const material = publicKey.split(' ')[1] ?? publicKey;
  const found = await output(`grep -lsF '${material}' /home/*/.ssh/authorized_keys || true`);
  return /^\/home\/([^/]+)\//m.exec(found)?.[1];
}
