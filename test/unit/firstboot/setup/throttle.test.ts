import { describe, expect, test } from 'vitest';

import { neighbourhood } from '../../../../firstboot/kit/neighbourhood.ts';
import { afterFailure, afterSuccess, CALM, delayOf, type Throttle, waitOf } from '../../../../firstboot/setup/throttle.ts';

const failing = (count: number, address: (index: number) => string, now = 1000): Throttle =>
  Array.from({ length: count }, (_, index) => address(index)).reduce((throttle, each) => afterFailure(throttle, each, now), CALM);

describe('throttle', () => {
  test.each([
    [1, 1],
    [2, 2],
    [3, 4],
    [6, 32],
    [7, 60],
    [1000, 60],
  ])('after %i wrong entries an address waits %i s', (failures, seconds) => {
    const throttle = failing(failures, () => '192.0.2.1');
    expect(waitOf(throttle, '192.0.2.1', 1000)).toBe(seconds);
    expect(waitOf(throttle, '192.0.2.1', 1000 + seconds)).toBe(0);
  });

  test('another address need not wait, whatever strangers do: only answers get slower, by seconds', () => {
    const throttle = failing(1000, (index) => `198.51.${index % 256}.${index >> 8}`);
    expect(waitOf(throttle, '192.0.2.1', 1000)).toBe(0);
    expect(delayOf(throttle, 1000)).toBe(3);
    expect(delayOf(throttle, 1000 + 3600)).toBeLessThan(3);
    expect(delayOf(throttle, 1000 + 12 * 3600)).toBeLessThan(0.01);
    expect(delayOf(CALM, 1000)).toBe(0);
    expect(Object.keys(throttle.addresses).length).toBeLessThanOrEqual(256);
  });

  test('an address that was quiet for a while begins anew', () => {
    const throttle = failing(9, () => '192.0.2.1');
    expect(waitOf(afterFailure(throttle, '192.0.2.1', 1000 + 60 + 901), '192.0.2.1', 1000 + 60 + 901)).toBe(1);
    expect(waitOf(afterFailure(throttle, '192.0.2.1', 1000 + 60 + 899), '192.0.2.1', 1000 + 60 + 899)).toBe(60);
  });

  test('what is forgotten first is what waits least', () => {
    const throttle = afterFailure(
      failing(300, (index) => `10.0.${index >> 8}.${index % 256}`),
      '192.0.2.9',
      1001,
    );
    const more = failing(10, () => '192.0.2.1', 1001);
    expect(waitOf({ ...throttle, addresses: { ...throttle.addresses, ...more.addresses } }, '192.0.2.1', 1001)).toBe(60);
    expect(waitOf(throttle, '192.0.2.9', 1001)).toBe(1);
  });

  test('the right entry forgives its address alone', () => {
    const throttle = afterSuccess(
      failing(4, (index) => `192.0.2.${index % 2}`),
      '192.0.2.0',
    );
    expect(waitOf(throttle, '192.0.2.0', 1000)).toBe(0);
    expect(waitOf(throttle, '192.0.2.1', 1000)).toBe(2);
  });

  test.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['2001:0db8:0001::', '2001:db8:1:0::/64'],
    ['__proto__', 'unknown'],
    ['', 'unknown'],
  ])('%s stands for %s', (address, key) => {
    expect(neighbourhood(address)).toBe(key);
    expect(waitOf(afterFailure(CALM, address, 5), address, 5)).toBe(1);
  });
});
