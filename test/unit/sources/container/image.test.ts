import { describe, expect, it } from 'vitest';

import { configurationOf } from '../../../../builder/sources/container/image.ts';

const SECOND = 1e9;

describe('the configuration of a container image (OCI image-spec, config.md; Healthcheck as Docker has it)', () => {
  const healthOf = (health: { test: string[]; interval?: number; startPeriod?: number }): unknown => {
    const text = configurationOf({ packages: [], health }, ['a'.repeat(64)], new Date(0), 'amd64');
    return (JSON.parse(text) as { config: { Healthcheck: unknown } }).config.Healthcheck;
  };

  it('gives a container that starts slowly its time: Swarm starts anew what is not well', () => {
    expect(healthOf({ test: ['true'] })).toEqual({ Test: ['CMD', 'true'], Interval: 30 * SECOND, StartPeriod: 600 * SECOND });
  });

  it('takes the times of the definition', () => {
    const health = healthOf({ test: ['pg_isready', '--quiet'], interval: 10, startPeriod: 0 });
    expect(health).toEqual({ Test: ['CMD', 'pg_isready', '--quiet'], Interval: 10 * SECOND, StartPeriod: 0 });
  });
});
