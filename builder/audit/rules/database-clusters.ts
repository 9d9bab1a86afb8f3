import { entryRule } from '../rule.ts';

/** Files by which each database system recognises its own data folder. */
const MARKS: readonly (readonly [pattern: RegExp, what: string])[] = [
  [/\/PG_VERSION$/, 'a PostgreSQL cluster'],
  [/\/(ibdata1|mysql\.ibd|aria_log_control)$/, 'a MySQL or MariaDB data folder'],
  [/^\/var\/lib\/redis\/.*|\/(dump\.rdb|appendonly\.aof)$/, 'Redis data'],
  [/\/mnesia\/|\/schema\.DAT$|^\/var\/lib\/rabbitmq\/(?!config|\.)./, 'a Mnesia or RabbitMQ database'],
  [/\/nodes\/\d+\/(node\.lock|_state|indices)(\/|$)|\/_state\/(node-\d+\.st|_\d+\.cfs)$/, 'an Elasticsearch node'],
  [/\/(WiredTiger|WiredTiger\.wt|mongod\.lock)$/, 'a MongoDB data folder'],
  [/^\/var\/lib\/etcd\/.*\/member(\/|$)/, 'an etcd member'],
  [/^\/var\/lib\/ldap\/.+\.mdb$/, 'an LDAP database'],
];

export const databaseClusters = entryRule(
  {
    name: 'database-clusters',
    title: 'There is no database cluster',
    remedy: 'Clusters are born on the unit, by a step: keep the package from making one, or remove it.',
    contained: true,
  },
  ({ path, type }, { packages }) => {
    if (path.startsWith('/usr/') || type === 'directory' || packages.owner(path) !== undefined) return undefined;
    const what = MARKS.find(([pattern]) => pattern.test(path))?.[1];
    return what === undefined ? undefined : `belongs to ${what}`;
  },
);
