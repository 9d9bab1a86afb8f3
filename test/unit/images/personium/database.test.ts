import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { imageFile } from './image.ts';

const WHOLE = '{"snapshot":{"state":"SUCCESS","failures":[],"shards":{"total":17,"failed":0,"successful":17}}}';
const FAILED = '{"snapshot":{"state":"FAILED","failures":[{}],"shards":{"total":17,"failed":1,"successful":16}}}';
const PARTLY = '{"snapshot":{"snapshot":"all","shards":{"total":17,"failed":2,"successful":15}}}';

/** The scripts with an Elasticsearch of a few words of shell: what it does at `METHOD path`. */
function database(answers: Record<string, string>) {
  const folder = mkdtempSync(join(tmpdir(), 'unitsmith-database-'));
  const at = (name: string): string => join(folder, name);
  const repository = at('dump');
  mkdirSync(repository);
  const cases = Object.entries(answers).map(([request, answer]) => `'${request}') ${answer} ;;`);
  writeFileSync(
    at('curl'),
    `#!/bin/sh
method=GET
for word; do
  [ "$before" != --request ] || method=$word
  case $word in
    http://*) path=\${word#http://127.0.0.1:9200} ;;
    --output) exec >/dev/null ;;
  esac
  before=$word
done
echo "$method $path" >>${at('asked')}
case "$method $path" in
${cases.join('\n')}
  'PUT /_snapshot/dump/all?wait_for_completion=true') touch ${repository}/snap-1.dat; echo '${WHOLE}' ;;
  *) echo '${WHOLE}' ;;
esac
`,
  );
  for (const name of ['database-dump', 'database-load', 'database-snapshot'])
    writeFileSync(
      at(name),
      imageFile(`rootfs/usr/lib/personium/${name}`)
        .replaceAll('/var/lib/elasticsearch-snapshots/dump', repository)
        .replace(/^chown .*$/m, ''),
    );
  for (const name of ['curl', 'database-dump', 'database-load']) chmodSync(at(name), 0o755);
  const run = (name: string, input?: Buffer) =>
    spawnSync(at(name), { ...(input === undefined ? {} : { input }), env: { PATH: `${folder}:${process.env['PATH']}` } });
  return { run, repository, asked: () => readFileSync(at('asked'), 'utf8').trim().split('\n') };
}

const CLEAN = ['DELETE /_snapshot/dump/all', 'DELETE /_snapshot/dump'];
const SNAPSHOT = 'PUT /_snapshot/dump/all?wait_for_completion=true';
const INDICES = 'DELETE /u0*?expand_wildcards=all';
const archive = (): Buffer => database({}).run('database-dump').stdout;

describe('a dump of the database', () => {
  it('is an archive with the snapshot; nothing else is left of it, nor of an earlier one', () => {
    const { run, repository, asked } = database({});
    writeFileSync(join(repository, 'of-an-earlier-run'), '');
    const { status, stdout } = run('database-dump');
    expect(status).toBe(0);
    expect(spawnSync('tar', ['--list'], { input: stdout, encoding: 'utf8' }).stdout).toBe('./\n./snap-1.dat\n');
    expect(asked()).toEqual([...CLEAN, 'PUT /_snapshot/dump', SNAPSHOT, ...CLEAN]);
    expect(readdirSync(repository)).toEqual([]);
  });

  it.each([
    ['failed', `echo '${FAILED}'`],
    ['was refused', 'exit 22'],
  ])('is none where the snapshot %s, and the next one is not in its way', (_what, answer) => {
    const { run, asked } = database({ [SNAPSHOT]: answer });
    const { status, stdout } = run('database-dump');
    expect([status === 0, stdout.length]).toEqual([false, 0]);
    expect(asked().slice(-2)).toEqual(CLEAN);
  });
});

describe('the load of a dump', () => {
  it('takes the place of what was there', () => {
    const { run, repository, asked } = database({});
    expect(run('database-load', archive()).status).toBe(0);
    const restore = 'POST /_snapshot/dump/all/_restore?wait_for_completion=true';
    expect(asked()).toEqual([...CLEAN, 'PUT /_snapshot/dump', 'GET /_snapshot/dump/all', INDICES, restore, ...CLEAN]);
    expect(existsSync(join(repository, 'snap-1.dat'))).toBe(false);
  });

  it.each([
    ['no archive', () => Buffer.from('nothing'), {}],
    ['no snapshot in it', archive, { 'GET /_snapshot/dump/all': 'exit 22' }],
    ['half a snapshot', archive, { 'GET /_snapshot/dump/all': `echo '${FAILED}'` }],
  ])('leaves all as it was where there is %s', (_what, input, answers) => {
    const { run, asked } = database(answers);
    expect(run('database-load', input()).status).not.toBe(0);
    expect(asked()).not.toContain(INDICES);
    expect(asked().slice(-2)).toEqual(CLEAN);
  });

  it('has failed where not all came back', () => {
    const { run } = database({ 'POST /_snapshot/dump/all/_restore?wait_for_completion=true': `echo '${PARTLY}'` });
    expect(run('database-load', archive()).status).not.toBe(0);
  });
});
