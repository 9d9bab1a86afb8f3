import { ExitCode, UnitError } from '../../kit/errors.ts';
import { type Change, type ChangeContext, DONE, due, type Parameters } from '../change.ts';
import { findCluster, runningCluster } from '../postgresql/cluster.ts';
import { psql } from '../postgresql/psql.ts';
import { scramMatches, scramVerifier } from '../postgresql/scram.ts';
import { sqlIdentifier, sqlLiteral } from '../template/quote.ts';

type P = Parameters<'postgresql-role'>;

/** A role that may log in, with a SCRAM password where the step names a secret. */
export const postgresqlRole: Change<P> = {
  words: ({ name }) => ({
    en: `The PostgreSQL role ${name} is created.`,
    ja: `PostgreSQL のロール ${name} を作成します。`,
    ru: `Создаётся роль PostgreSQL ${name}.`,
  }),

  async check(parameters, context) {
    const cluster = await findCluster(context.system);
    if (cluster?.online !== true) return due('the database server is not running');
    const query = `SELECT rolcanlogin, coalesce(rolpassword, '') FROM pg_authid WHERE rolname = ${sqlLiteral(parameters.name)};`;
    const [row] = await psql(context.system, cluster, query);
    if (row === undefined) return due('there is no such role');
    if (row[0] !== 't') return due('it may not log in');
    const password = await passwordOf(parameters, context);
    return password === undefined || scramMatches(row[1] ?? '', password) ? DONE : due('its password is another');
  },

  async apply(parameters, context) {
    const cluster = await runningCluster(context);
    const password = await passwordOf(parameters, context);
    await psql(context.system, cluster, roleStatements(parameters.name, password === undefined ? undefined : scramVerifier(password)));
  },
};

async function passwordOf({ password, name }: P, { secrets }: ChangeContext): Promise<string | undefined> {
  if (password === undefined) return undefined;
  const value = await secrets.read(password);
  if (value !== undefined) return value;
  throw new UnitError(`there is no secret ${password} for the role ${name}`, {
    exitCode: ExitCode.step,
    remedies: ['Put a `secret` step before this one.'],
  });
}

/** Creates the role where it is missing, and sets what it must be, in one transaction. */
export function roleStatements(name: string, verifier: string | undefined): string {
  const role = sqlIdentifier(name);
  const create = sqlLiteral(`CREATE ROLE ${role}`);
  return [
    'BEGIN;',
    `SELECT ${create} WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = ${sqlLiteral(name)}) \\gexec`,
    `ALTER ROLE ${role} LOGIN${verifier === undefined ? '' : ` PASSWORD ${sqlLiteral(verifier)}`};`,
    'COMMIT;',
    '',
  ].join('\n');
}
