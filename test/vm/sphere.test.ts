/**
 * The whole way, for real: the packed and installed package, run by an ordinary user, bakes sphere with Packer and QEMU,
 * proves it, packages it, verifies it, and boots it for a try. One bake serves all files of this folder.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ExitCode } from '../../builder/kit/errors.ts';
import { packageRoot } from '../../builder/kit/paths.ts';
import { artefactIn, baked } from '../helpers/baked.ts';
import { errorOf, type Installed, type Outcome, processesOf, unitsmith } from '../helpers/ordinary-user.ts';

const VIRTUAL = /qemu-system|packer|mmdebstrap/;

let installed: Installed;
let out: string;
let bake: Outcome;

beforeAll(async () => {
  ({ installed, out, outcome: bake } = await baked('sphere'));
});

const artefact = (ending: string): string => artefactIn(out, ending);

describe('bake', () => {
  it('runs every stage once, and says what it is doing', () => {
    const finished = bake.events.filter((event) => event.type === 'stage-finished').map((event) => event.stage);
    for (const stage of ['resolve', 'fetch', 'rootfs', 'disk', 'payload', 'bake', 'audit', 'proof', 'vmdk', 'ova', 'qcow2'])
      expect(finished).toContain(stage);
    expect(bake.events[0]).toMatchObject({ type: 'run-started', command: 'bake' });
  });

  it('delivers artefacts and documents whose sums are right, and nothing partial', () => {
    const names = readdirSync(out);
    for (const ending of ['.ova', '.qcow2', '.cdx.json', '.sources.json', '.provenance.json', '.audit.json', '.proof.json'])
      artefact(ending);
    expect(names.filter((name) => name.includes('partial'))).toEqual([]);
    expect(execFileSync('sha256sum', ['--check', '--quiet', 'SHA256SUMS'], { cwd: out, encoding: 'utf8' })).toBe('');
  });

  it('leaves no process behind', () => {
    expect(processesOf(installed.user, VIRTUAL)).toEqual([]);
  });

  it('writes nothing of the host into documents', () => {
    for (const name of readdirSync(out).filter((entry) => /\.(json|txt)$/.test(entry))) {
      expect(readFileSync(join(out, name), 'utf8')).not.toContain(installed.user.home);
    }
  });

  it('proves services in order and every acceptance request', () => {
    const proof = JSON.parse(readFileSync(artefact('.proof.json'), 'utf8')) as { steps: { step: string }[]; probes: { title: string }[] };
    const steps = proof.steps.map(({ step }) => step);
    expect(steps.slice(-5)).toEqual(['finish:services', 'finish:smoke', 'finish:finalise', 'finish:setup', 'finish:firewall']);
    expect(steps.indexOf('database')).toBeGreaterThan(steps.indexOf('cluster'));
    expect(steps.indexOf('tables')).toBeGreaterThan(steps.indexOf('database'));
    const { smoke, acceptance } = parse(readFileSync(join(packageRoot(), 'images', 'sphere', 'image.yaml'), 'utf8')).probes;
    const titles = [...smoke, ...acceptance].map(({ title }: { title: string }) => title);
    expect(proof.probes.map(({ title }) => title)).toEqual(titles);
  });
});

describe('a second bake', () => {
  it('with nothing changed takes everything from the cache', async () => {
    const again = await unitsmith(installed, ['bake', 'sphere', '--out', out, '--verify', 'none']);
    expect(again.exitCode).toBe(0);
    expect(again.events.filter((event) => event.type === 'stage-started')).toEqual([]);
  });

  it('with another description only writes another OVF', async () => {
    const image = copyOfSphere('described');
    const path = join(image, 'image.yaml');
    writeFileSync(
      path,
      readFileSync(path, 'utf8').replace('Business processes in a browser', 'Business processes, and more, in a browser'),
    );
    const described = await unitsmith(installed, ['bake', image, '--out', `${out}-described`, '--verify', 'none']);
    expect(described.exitCode).toBe(0);
    expect(described.events.filter((event) => event.type === 'stage-started').map((event) => event.stage)).toEqual(['ova']);
  });

  it('with a script that fails shows its output, and leaves nothing', async () => {
    const image = copyOfSphere('failing');
    const scripts = join(image, 'scripts');
    if (!existsSync(scripts)) execFileSync('mkdir', [scripts]);
    writeFileSync(join(scripts, '90-fails'), '#!/bin/sh\necho about to fail for a reason\nexit 3\n', { mode: 0o755 });
    const failing = await unitsmith(installed, ['bake', image, '--out', `${out}-failing`, '--verify', 'none']);
    expect(failing.exitCode).toBe(ExitCode.bake);
    expect(errorOf(failing)).toContain('about to fail for a reason');
    expect(errorOf(failing)).toContain('90-fails');
    expect(failing.events.filter((event) => event.type === 'stage-started').map((event) => event.stage)).not.toContain('rootfs');
    expect(existsSync(`${out}-failing`)).toBe(false);
    expect(processesOf(installed.user, VIRTUAL)).toEqual([]);
  });
});

describe('inspect', () => {
  it('finds nothing wrong with the OVA', async () => {
    const inspected = await unitsmith(installed, ['inspect', artefact('.ova')]);
    expect(inspected.events.filter((event) => event.type === 'finding' && event.severity === 'error')).toEqual([]);
    expect(inspected.exitCode).toBe(0);
  });
});

describe('verify', () => {
  it('boots the OVA as ESXi would, in BIOS and in UEFI, and finds all as declared', async () => {
    const matrix = process.env.UNITSMITH_TEST === 'full' ? 'full' : 'quick';
    const verified = await unitsmith(installed, [
      'verify',
      artefact('.ova'),
      artefact('.qcow2'),
      '--matrix',
      matrix,
      '--answers',
      join(packageRoot(), 'images', 'sphere', 'sample', 'answers.yaml'),
      '--report',
      join(out, 'verify.json'),
    ]);
    expect(verified.events.filter((event) => event.type === 'finding' && event.severity === 'error')).toEqual([]);
    expect(verified.exitCode).toBe(0);
    const report = JSON.parse(readFileSync(join(out, 'verify.json'), 'utf8')) as {
      passed: boolean;
      scenarios: { firmware: string; facts: Record<string, { ipv4?: { open: number[] } }> }[];
    };
    expect(report.passed).toBe(true);
    const { ports, 'ports-finished': finished } = report.scenarios[0]?.facts ?? {};
    expect(ports?.ipv4?.open).toEqual([22, 80, 443, 8443]);
    expect(finished?.ipv4?.open).toEqual([22, 80, 443]);
    expect(new Set(report.scenarios.map(({ firmware }) => firmware))).toEqual(new Set(['bios', 'uefi']));
  });
});

describe('try', () => {
  it('boots the last bake, answers by SSH, and leaves nothing behind after Ctrl-C', async () => {
    let interrupted = false;
    const tried = await unitsmith(installed, ['try', artefact('.qcow2')], (event, pid) => {
      if (event.type !== 'result' || interrupted) return;
      interrupted = true;
      process.kill(pid, 'SIGINT');
    });
    expect(interrupted).toBe(true);
    expect(tried.exitCode).toBe(ExitCode.ok);
    expect(processesOf(installed.user, VIRTUAL)).toEqual([]);
  });
});

function copyOfSphere(name: string): string {
  const folder = join(installed.user.home, name, 'sphere');
  cpSync(join(packageRoot(), 'images', 'sphere'), folder, { recursive: true });
  if (process.geteuid?.() === 0) execFileSync('chown', ['-R', installed.user.name, join(installed.user.home, name)]);
  return folder;
}
