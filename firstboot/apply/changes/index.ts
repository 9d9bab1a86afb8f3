import type { StepKind } from '../../contract/step.ts';
import type { Change, Parameters } from '../change.ts';
import { command } from './command.ts';
import { directory } from './directory.ts';
import { executable } from './executable.ts';
import { postgresqlCluster } from './postgresql-cluster.ts';
import { postgresqlDatabase } from './postgresql-database.ts';
import { postgresqlRole } from './postgresql-role.ts';
import { secret } from './secret.ts';
import { service } from './service.ts';
import { template } from './template.ts';
import { user } from './user.ts';
import { variables } from './variables.ts';

/** Every kind of change that an image's steps can name. */
export const CHANGES: { readonly [K in StepKind]: Change<Parameters<K>> } = {
  user,
  directory,
  secret,
  template,
  variables,
  'postgresql-cluster': postgresqlCluster,
  'postgresql-role': postgresqlRole,
  'postgresql-database': postgresqlDatabase,
  service,
  command,
  executable,
};
