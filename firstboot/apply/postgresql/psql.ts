/** SQL as the superuser `postgres` over the socket. Statements go by standard input: argv is for everybody to read. */
import type { System } from '../../kit/system.ts';
import type { Cluster } from './cluster.ts';

const OPTIONS = ['--no-psqlrc', '--quiet', '--no-align', '--tuples-only', '--set=ON_ERROR_STOP=1', '--dbname=postgres'];

/** Runs statements and returns the rows, members separated by the ASCII unit separator. @throws ProgramError */
export async function psql(system: System, cluster: Pick<Cluster, 'port'>, statements: string): Promise<string[][]> {
  const args = [...OPTIONS, '--field-separator=\u001f', `--port=${cluster.port}`];
  const { stdout } = await system.run('psql', args, { user: 'postgres', input: statements });
  return stdout === '' ? [] : stdout.split('\n').map((row) => row.split('\u001f'));
}
