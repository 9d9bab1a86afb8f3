import { expect, it } from 'vitest';

import { bootsTestGuest } from '../../../builder/vm/accel.ts';
import { testContext } from '../../helpers/context.ts';

it('the boot sector comes through in a real, emulated machine', async () => {
  expect(await bootsTestGuest(testContext().ctx, { kind: 'tcg', cpuModel: 'max', patience: 10 })).toBeUndefined();
});
