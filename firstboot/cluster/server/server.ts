/** The leader's server as strangers reach it: bounded in time and number, so that whoever says nothing keeps nobody out. */
import type { RequestListener } from 'node:http';
import { createServer, type Server } from 'node:https';

import { bounded, type Connections } from '../../kit/bounded.ts';

export interface ClusterLimits extends Connections {
  /** Seconds for the TLS handshake, and for the headers. */
  headers: number;
  /** Seconds for a whole request to come in. */
  request: number;
}

/** A follower has one connection; many may be behind one router. */
export const CLUSTER_LIMITS: ClusterLimits = { headers: 10, request: 30, connections: 1024, perAddress: 128 };

export function clusterServer(
  tls: { cert: string | Buffer; key: string | Buffer },
  listener: RequestListener,
  limits = CLUSTER_LIMITS,
): Server {
  const options = {
    ...tls,
    minVersion: 'TLSv1.2',
    handshakeTimeout: limits.headers * 1000,
    headersTimeout: limits.headers * 1000,
    requestTimeout: limits.request * 1000,
    connectionsCheckingInterval: Math.min(limits.headers, 2) * 1000,
    keepAliveTimeout: 5000,
  } as const;
  return bounded(createServer(options, listener), limits);
}
