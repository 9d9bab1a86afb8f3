/** Hardware virtualisation is no must: without it everything works, five to fifteen times as slowly in guests. */
import { detectAcceleration } from '../../vm/accel.ts';
import type { HostCheck } from '../check.ts';

export const virtualisationCheck: HostCheck = {
  name: 'virtualisation',
  purpose: 'runs guests at full speed',
  async look(ctx) {
    const acceleration = await detectAcceleration(ctx);
    if (acceleration.kind === 'kvm') return undefined;
    return { severity: 'info', message: `guests are emulated, which works and is slow: ${acceleration.reason}` };
  },
};
