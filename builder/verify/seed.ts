/** What a scenario's datasource holds: values made for this run, which nothing but the datasource can have brought. */
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';

import type { Cleanup } from '../kit/cleanup.ts';
import type { Context } from '../kit/context.ts';
import { temporaryFolder } from '../kit/files.ts';
import { noCloudIso } from '../vm/seeds/nocloud.ts';
import { ovfEnvironment, ovfEnvironmentIso } from '../vm/seeds/ovf-environment.ts';
import { oneTimeKey } from '../vm/ssh.ts';
import type { Seeded } from './check.ts';
import type { Scenario } from './scenario.ts';

export interface Seed {
  cdroms: string[];
  seeded: Seeded;
}

export async function makeSeed(ctx: Context, scenario: Scenario, cleanup: Cleanup): Promise<Seed> {
  if (scenario.datasource === 'nocloud') return await noCloudSeed(ctx, cleanup);
  if (scenario.datasource === 'ovf') {
    const properties = awkwardProperties();
    return { cdroms: [await ovfEnvironmentIso(ctx, properties, cleanup)], seeded: { ovf: { document: ovfEnvironment(properties) } } };
  }
  return { cdroms: [], seeded: {} };
}

async function noCloudSeed(ctx: Context, cleanup: Cleanup): Promise<Seed> {
  const token = randomBytes(8).toString('hex');
  const key = await oneTimeKey(ctx, await temporaryFolder(tmpdir(), 'unitsmith-key-', cleanup), 'user-data');
  const file = { path: '/etc/verify-token', content: `${token} äöü & "quoted" $HOME` };
  const hostname = `verify-${token}`;
  const config = { ssh_authorized_keys: [key.publicKey], write_files: [{ ...file, permissions: '0644' }] };
  // JSON is YAML, and quotes every string.
  const userData = `#cloud-config\n${JSON.stringify(config, null, 2)}\n`;
  const metaData = JSON.stringify({ 'instance-id': `verify-${token}`, 'local-hostname': hostname });
  return {
    cdroms: [await noCloudIso(ctx, { userData, metaData }, cleanup)],
    seeded: { nocloud: { userData, hostname, file, keyFile: key.file, publicKey: key.publicKey } },
  };
}

/** Values that careless readers break: markup, quotes, what a shell would expand, other scripts, a newline, a long one. */
function awkwardProperties(): Record<string, string> {
  return {
    'verify.markup': `<a href="x">&amp;</a> 'single'`,
    'verify.shell': '$(reboot) `id` $HOME %s \\n ; | &',
    'verify.text': 'パーソニウム Копник ÄÖÜ 🙂',
    'verify.lines': 'first\nsecond\tthird',
    'verify.long': 'x'.repeat(4096),
    'verify.token': randomBytes(8).toString('hex'),
  };
}
