/** The console of the bake's machine tells when its SSH server is there. */
import type { Context } from '../../kit/context.ts';
import { serialText } from '../../vm/serial.ts';
import { deadlineIn, waitFor } from '../../vm/wait.ts';

/** Seconds after which a connection is made whatever the console shows: it waits in QEMU then. */
const PATIENCE = 30;
/** Milliseconds between two looks, and for which nothing is shown. */
const POLL = 100;
const QUIET = 500;

/** systemd's words; its newer versions name the unit, older ones what it is. Exported for its test. */
export const SSH_LISTENS = /^\[\s+OK\s+\] Started (ssh\.service|OpenBSD Secure Shell server)/m;

/**
 * Settles when the guest listens and its console has been quiet for a moment, or when there was time enough for both: beside
 * the end of the boot a handshake takes an emulated guest longer than that end. @throws the reason of ctx.signal
 */
export async function sshListens(ctx: Context, serialLog: string): Promise<void> {
  let before = '';
  let since = Date.now();
  const isQuiet = async (): Promise<true | undefined> => {
    const text = await serialText(serialLog);
    if (text !== before) since = Date.now();
    before = text;
    return SSH_LISTENS.test(text) && Date.now() - since >= QUIET ? true : undefined;
  };
  await waitFor(isQuiet, deadlineIn(PATIENCE), ctx.signal, POLL);
}
