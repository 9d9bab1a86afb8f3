/** npm(1) as a downloader, with the host's own configuration: its registries, log-ins, certificates and proxies count. */
import { run } from '../kit/command.ts';
import type { Context } from '../kit/context.ts';

export interface NpmPack {
  /** `name@version` each. */
  specs: readonly string[];
  folder: string;
  /** Where a project's own .npmrc may be. */
  project: string;
  /** Only from npm's own cache. */
  offline: boolean;
}

/** `npm` arguments that put the packages' archives into a folder. No script of theirs runs. Pure. */
export function packArgs({ specs, folder, offline }: NpmPack): string[] {
  return [
    ...['pack', '--ignore-scripts', '--loglevel=error', '--no-update-notifier', '--pack-destination', folder],
    ...(offline ? ['--offline'] : ['--prefer-offline']),
    ...['--', ...specs],
  ];
}

/** Name of the file that it writes. */
export function packedName(name: string, version: string): string {
  return `${name.replace(/^@/, '').replace('/', '-')}-${version}.tgz`;
}

/** @throws ToolError where npm is missing, or a package cannot be had. */
export async function npmPack(ctx: Context, request: NpmPack): Promise<void> {
  await run(ctx, 'npm', packArgs(request), { cwd: request.project, quiet: true });
}
