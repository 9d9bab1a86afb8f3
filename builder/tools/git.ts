/** git(1), with the host's own configuration: its credential helpers, proxies and rewritten addresses count. */
import { run } from '../kit/command.ts';
import type { Context } from '../kit/context.ts';

/** What people set for git itself, and nothing that points it at another repository. */
const OWN_SETTINGS = /^(GIT_(ASKPASS|CONFIG|HTTP|PROXY|SSH|SSL)|SSH_)/;

/** A file has the bytes of its commit, whatever the host's git would make of line ends; and nobody is asked at a terminal. */
const FIXED = ['-c', 'core.autocrlf=false', '-c', 'core.symlinks=true', '-c', 'core.hooksPath=/dev/null', '-c', 'gc.auto=0'];

async function git(ctx: Context, args: readonly string[], env: Record<string, string> = {}): Promise<string> {
  const own = Object.entries(ctx.env).filter(([name, value]) => value !== undefined && OWN_SETTINGS.test(name));
  const all = { ...(Object.fromEntries(own) as Record<string, string>), GIT_TERMINAL_PROMPT: '0', ...env };
  return (await run(ctx, 'git', [...FIXED, ...args], { quiet: true, env: all })).stdout;
}

/** An empty bare repository, without the samples of hooks. */
export async function gitInit(ctx: Context, repository: string): Promise<void> {
  await git(ctx, ['init', '--quiet', '--bare', '--template=', repository]);
}

/** One commit and nothing before it. @throws ToolError where the server does not give single commits, too. */
export async function gitFetchCommit(ctx: Context, repository: string, url: string, commit: string): Promise<void> {
  await git(ctx, ['--git-dir', repository, 'fetch', '--quiet', '--no-tags', '--no-write-fetch-head', '--depth=1', '--', url, commit]);
}

/** Every branch and tag, with all that came before. */
export async function gitFetchAll(ctx: Context, repository: string, url: string): Promise<void> {
  const refs = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*'];
  await git(ctx, ['--git-dir', repository, 'fetch', '--quiet', '--no-tags', '--no-write-fetch-head', '--', url, ...refs]);
}

/** Whether a repository has this commit and all that belongs to it, undamaged: every object is hashed again. */
export async function gitIsWhole(ctx: Context, repository: string, commit: string): Promise<boolean> {
  try {
    await git(ctx, ['--git-dir', repository, 'fsck', '--no-dangling', '--no-progress', commit]);
    return true;
  } catch {
    ctx.signal.throwIfAborted();
    return false;
  }
}

/** Writes the files of a commit, and the index of them. No hook runs. */
export async function gitCheckout(ctx: Context, repository: string, commit: string, to: { folder: string; index: string }): Promise<void> {
  const env = { GIT_INDEX_FILE: to.index };
  await git(ctx, ['--git-dir', repository, 'read-tree', commit], env);
  await git(ctx, ['--git-dir', repository, '--work-tree', to.folder, 'checkout-index', '--all', '--force'], env);
}

/** Names of submodules, which a checkout leaves empty. */
export async function gitSubmodules(ctx: Context, repository: string, commit: string): Promise<string[]> {
  const lines = (await git(ctx, ['--git-dir', repository, 'ls-tree', '-r', '--full-tree', commit])).split('\n');
  return lines.filter((line) => line.startsWith('160000 ')).map((line) => line.slice(line.indexOf('\t') + 1));
}
