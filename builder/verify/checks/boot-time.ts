/** How long the boot took and what held it up: recorded, because a number that nobody writes down only grows. */
import { always, type Check, passed } from '../check.ts';

const SLOWEST = 15;

export const bootTime: Check = {
  id: 'boot-time',
  title: 'How long the boot took',
  applies: always,
  async run({ machine }) {
    const { stdout: total } = await machine.ssh(['systemd-analyze', 'time', '--no-pager']);
    const { stdout: blame } = await machine.ssh(['systemd-analyze', 'blame', '--no-pager']);
    return passed({
      secondsToSsh: machine.secondsToSsh,
      summary: total.trim().split('\n'),
      slowest: blame
        .trim()
        .split('\n')
        .slice(0, SLOWEST)
        .map((line) => line.trim()),
    });
  },
};
