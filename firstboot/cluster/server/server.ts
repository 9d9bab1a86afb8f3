/** The leader's server as strangers reach it: whoever says nothing keeps nobody out. */
import type { RequestListener } from 'node:http';
import { createServer, type Server } from 'node:https';

import { bounded, httpTimes, type Limits, tlsTimes } from '../../kit/bounded.ts';

/** A follower has one connection; many may be behind one router. */
export const CLUSTER_LIMITS: Limits = { headers: 10, request: 30, connections: 1024, perAddress: 128 };

export function clusterServer(
  tls: { cert: string | Buffer; key: string | Buffer },
  listener: RequestListener,
  limits = CLUSTER_LIMITS,
): Server {
  return bounded(createServer({ ...tls, ...httpTimes(limits), ...tlsTimes(limits) }, listener), limits);
}
