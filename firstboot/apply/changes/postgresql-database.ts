import { ExitCode, UnitError } from '../../kit/errors.ts';
import { type Change, DONE, due, type Parameters } from '../change.ts';
import { findCluster, runningCluster } from '../postgresql/cluster.ts';
import { psql } from '../postgresql/psql.ts';
import { sqlIdentifier, sqlLiteral } from '../template/quote.ts';

type P = Parameters<'postgresql-database'>;

/** A UTF-8 database with its owner and its settings (ALTER DATABASE ... SET). */
export const postgresqlDatabase: Change<P> = {
  words: ({ name }) => ({
    en: `The PostgreSQL database ${name} is created.`,
    ja: `PostgreSQL のデータベース ${name} を作成します。`,
    ru: `Создаётся база данных PostgreSQL ${name}.`,
  }),

  async check(parameters, { system }) {
    const cluster = await findCluster(system);
    if (cluster?.online !== true) return due('the database server is not running');
    const name = sqlLiteral(parameters.name);
    const owners = await psql(system, cluster, `SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = ${name};`);
    if (owners[0] === undefined) return due('there is no such database');
    if (owners[0][0] !== parameters.owner) return due('its owner is another');
    const rows = await psql(system, cluster, settingsQuery(parameters.name));
    const wrong = differingSettings(
      parameters.settings ?? {},
      rows.map(([setting = '']) => setting),
    );
    return wrong.length === 0 ? DONE : due(`not set as stated: ${wrong.join(', ')}`);
  },

  async apply(parameters, context) {
    const cluster = await runningCluster(context);
    await psql(context.system, cluster, databaseStatements(parameters));
  },
};

function settingsQuery(name: string): string {
  return `SELECT unnest(setconfig) FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
WHERE s.setrole = 0 AND d.datname = ${sqlLiteral(name)};`;
}

/** Names of wanted settings that `NAME=value` lines do not hold. PostgreSQL keeps a name in the spelling of its own. */
export function differingSettings(wanted: Readonly<Record<string, string>>, lines: readonly string[]): string[] {
  const found = new Map(lines.map((line) => [line.slice(0, line.indexOf('=')).toLowerCase(), line.slice(line.indexOf('=') + 1)]));
  return Object.entries(wanted).flatMap(([name, value]) => (found.get(name.toLowerCase()) === value ? [] : [name]));
}

/** CREATE DATABASE cannot stand in a transaction; each statement can be repeated by itself. */
export function databaseStatements({ name, owner, settings }: P): string {
  const database = sqlIdentifier(name);
  const create = `CREATE DATABASE ${database} OWNER ${sqlIdentifier(owner)} TEMPLATE template0 ENCODING 'UTF8'`;
  const wanted = Object.entries(settings ?? {}).map(
    ([key, value]) => `ALTER DATABASE ${database} SET ${settingName(key)} = ${sqlLiteral(value)};`,
  );
  return [
    `SELECT ${sqlLiteral(create)} WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = ${sqlLiteral(name)}) \\gexec`,
    `ALTER DATABASE ${database} OWNER TO ${sqlIdentifier(owner)};`,
    ...wanted,
    '',
  ].join('\n');
}

function settingName(key: string): string {
  if (/^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?$/.test(key)) return key;
  throw new UnitError(`${key} is no name of a PostgreSQL setting`, { exitCode: ExitCode.step });
}
