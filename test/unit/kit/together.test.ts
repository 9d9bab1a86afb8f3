import { expect, it } from 'vitest';

import { together } from '../../../builder/kit/together.ts';

it('gives both results', async () => {
  expect(await together(Promise.resolve(1), Promise.resolve('a'))).toEqual([1, 'a']);
});

it('waits for the other where one fails', async () => {
  let ended = false;
  const slow = new Promise<void>((resolve) => {
    setImmediate(() => {
      ended = true;
      resolve();
    });
  });
  await expect(together(Promise.reject(new Error('no')), slow)).rejects.toThrow('no');
  expect(ended).toBe(true);
});
