/** skopeo(1): container images from registries and archives, with the log-ins of the host's own containers-auth.json(5). */
import { run } from '../kit/command.ts';
import type { Context } from '../kit/context.ts';

/** Arguments that write the image `source` as a docker-archive(5) `file`. Loopback registries need no TLS, as for Docker. Pure. */
function copyArguments(source: string, file: string, architecture: string): string[] {
  const loopback = /^docker:\/\/(?:localhost|127\.0\.0\.1)(?::\d+)?\//.test(source);
  return [
    ...['copy', '--quiet', '--override-os', 'linux', '--override-arch', architecture],
    ...(loopback ? ['--src-tls-verify=false'] : []),
    ...[source, `docker-archive:${file}`],
  ];
}

/** @throws ToolError where the image cannot be had, or is not what its digest says. */
export async function skopeoCopy(ctx: Context, source: string, file: string, architecture: string): Promise<void> {
  const auth = ctx.env.REGISTRY_AUTH_FILE;
  await run(ctx, 'skopeo', copyArguments(source, file, architecture), auth === undefined ? {} : { env: { REGISTRY_AUTH_FILE: auth } });
}
