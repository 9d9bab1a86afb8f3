import { expect, test } from 'vitest';

import { SSH_LISTENS } from '../../../../builder/stages/bake/ssh-listens.ts';

test.each([
  ['[  OK  ] Started ssh.service - OpenBSD Secure Shell server.', true],
  ['[  OK  ] Started OpenBSD Secure Shell server.', true],
  ['         Starting ssh.service - OpenBSD Secure Shell server...', false],
  ['[FAILED] Failed to start ssh.service - OpenBSD Secure Shell server.', false],
])('%s: %s', (line, listens) => expect(SSH_LISTENS.test(`Booting\n${line}\nmore`)).toBe(listens));
