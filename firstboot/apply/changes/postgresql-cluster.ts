import { type Change, DONE, due, type Parameters } from '../change.ts';
import { dropCluster, findCluster, makeCluster } from '../postgresql/cluster.ts';

/** PostgreSQL's database cluster, for images that configure it before it is started. */
export const postgresqlCluster: Change<Parameters<'postgresql-cluster'>> = {
  words: () => ({
    en: 'The PostgreSQL database cluster is created.',
    ja: 'PostgreSQL のデータベースクラスターを作成します。',
    ru: 'Создаётся кластер баз данных PostgreSQL.',
  }),
  check: async (_parameters, { system }) => ((await findCluster(system)) === undefined ? due('there is no cluster') : DONE),
  apply: ({ locale }, context) => makeCluster(context, locale),
  reset: (_parameters, context) => dropCluster(context),
};
