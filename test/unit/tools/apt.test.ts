import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { aptOptions, openApt } from '../../../builder/tools/apt.ts';

describe('aptOptions', () => {
  const options = aptOptions('/cache/apt/x', 'amd64', '/usr/share/keyrings/debian-archive-keyring.gpg');

  it('puts everything that apt writes below the folder', () => {
    for (const key of ['Dir::State', 'Dir::State::status', 'Dir::State::lists', 'Dir::Cache', 'Dir::Cache::archives', 'Dir::Log']) {
      expect(options.find((option) => option.startsWith(`${key}=`))).toMatch(/=\/cache\/apt\/x\//);
    }
  });

  it("leaves out the host's sources, preferences and keys", () => {
    for (const key of ['Dir::Etc::SourceParts', 'Dir::Etc::Preferences', 'Dir::Etc::PreferencesParts', 'Dir::Etc::TrustedParts']) {
      expect(options).toContain(`${key}=/dev/null`);
    }
  });

  it('reads its own configuration after the host’s', () => {
    expect(options.slice(0, 2)).toEqual(['-c', '/cache/apt/x/apt.conf']);
  });
});

describe('openApt', () => {
  it('holds archives to their signatures, whatever the host allows its own', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'apt-'));
    const { options } = await openApt({ folder, architecture: 'amd64', lines: [], keyring: '/dev/null', logins: [], hostLogins: '' });
    const off = ['AllowInsecureRepositories', 'AllowWeakRepositories', 'AllowDowngradeToInsecureRepositories'];
    const host = [
      ...off.map((name) => `Acquire::${name} "true";`),
      'APT::Get::AllowUnauthenticated "true";',
      'Acquire::Check-Valid-Until "false";',
    ];
    writeFileSync(join(folder, 'host.conf'), host.join('\n'));
    const env = { ...process.env, APT_CONFIG: join(folder, 'host.conf') };
    const settings = execFileSync('apt-config', [...options, 'dump'], { encoding: 'utf8', env });
    for (const name of off) expect(settings).toContain(`Acquire::${name} "false";`);
    expect(settings).toContain('APT::Get::AllowUnauthenticated "false";');
    // A mirror that lags behind, or a snapshot, needs it so.
    expect(settings).toContain('Acquire::Check-Valid-Until "false";');
  });

  it('keeps log-ins in a file for its owner only, and apart from the sources', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'apt-'));
    await openApt({
      folder,
      architecture: 'amd64',
      lines: ['deb http://mirror.example.org/debian trixie main'],
      keyring: '/dev/null',
      logins: ['machine http://mirror.example.org/debian login me password geheim'],
      hostLogins: 'machine other.example.org login a password b\n',
    });
    expect(readFileSync(join(folder, 'sources.list'), 'utf8')).not.toContain('geheim');
    expect(readFileSync(join(folder, 'auth.conf'), 'utf8')).toContain('login me password geheim\nmachine other');
    expect(statSync(join(folder, 'auth.conf')).mode & 0o777).toBe(0o600);
  });
});
