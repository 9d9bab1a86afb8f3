/** Every relative link of the documentation leads to a file, and to a heading of it where it names one. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const FOLDERS = ['builder', 'firstboot', 'images', 'templates', 'test'];

/** Files that are written by people: what git ignores is none of them. A package without git has no tests. */
function documents(): string[] {
  const list = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--', '*.md'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  return list.split('\0').filter((name) => name !== '' && existsSync(join(ROOT, name)));
}

/** Text without code, where brackets are no links. */
function prose(path: string): string {
  return readFileSync(path, 'utf8')
    .replaceAll(/^( *)```[\s\S]*?^\1```/gm, '')
    .replaceAll(/`[^`\n]*`/g, '');
}

/** GitHub's anchors: lower case, spaces to hyphens, punctuation gone. */
function anchors(path: string): string[] {
  const text = readFileSync(path, 'utf8').replaceAll(/^```[\s\S]*?^```/gm, '');
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    (heading ?? '')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

function broken(file: string): string[] {
  const targets = [...prose(join(ROOT, file)).matchAll(/\]\(<?([^)\s>]+)>?[^)]*\)|^\[[^\]]+\]:\s*(\S+)/gm)].map(
    (match) => match[1] ?? match[2] ?? '',
  );
  return targets
    .filter((target) => !/^[a-z]+:/i.test(target))
    .filter((target) => {
      const [path = '', anchor] = decodeURIComponent(target).split('#');
      const to = path === '' ? join(ROOT, file) : resolve(ROOT, dirname(file), path);
      if (!existsSync(to) || relative(ROOT, to).startsWith('..')) return true;
      return anchor !== undefined && to.endsWith('.md') && !anchors(to).includes(anchor);
    });
}

describe('the documentation', () => {
  it('leads to every image', () => {
    const images = readdirSync(join(ROOT, 'images')).filter((name) => existsSync(join(ROOT, 'images', name, 'image.yaml')));
    const text = readFileSync(join(ROOT, 'images/README.md'), 'utf8');
    expect(images.filter((name) => !text.includes(`](${name}/README.md)`))).toEqual([]);
  });

  it('has documents to look at', () => {
    expect(documents()).toContain('README.md');
    for (const folder of FOLDERS) expect(documents().some((name) => name.startsWith(`${folder}/`))).toBe(true);
  });

  it.each(documents())('%s has no link that leads nowhere', (file) => {
    expect(broken(file)).toEqual([]);
  });
});
