/** cloud-init's NoCloud datasource on a CD: user-data, meta-data and, where given, network-config. */
import type { Cleanup } from '../../kit/cleanup.ts';
import type { Context } from '../../kit/context.ts';
import { makeIso, NOCLOUD_LABEL } from '../../tools/iso.ts';

export interface NoCloudSeed {
  /** Starts with `#cloud-config`, or is a script. */
  userData: string;
  /** YAML or JSON; `instance-id` decides whether cloud-init sees a new instance. */
  metaData: string;
  networkConfig?: string;
}

export async function noCloudIso(ctx: Context, seed: NoCloudSeed, cleanup: Cleanup): Promise<string> {
  const network = seed.networkConfig === undefined ? {} : { 'network-config': seed.networkConfig };
  return await makeIso(ctx, NOCLOUD_LABEL, { 'user-data': seed.userData, 'meta-data': seed.metaData, ...network }, cleanup);
}
