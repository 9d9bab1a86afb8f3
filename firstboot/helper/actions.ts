import type { HelperAction } from '../contract/helper.ts';
import { refreshConsole } from '../setup/console.ts';
import type { Action } from './action.ts';
import { apply, follow, plan } from './apply.ts';
import { check } from './check.ts';
import { confirm, result } from './result.ts';
import { settingsRead, settingsWrite } from './settings.ts';
import { status } from './status.ts';

/** All that the page may ask for. */
export const ACTIONS: { readonly [A in HelperAction]: Action<A> } = {
  status,
  claim: async ({ code, from }, { claims, system }) => {
    const answer = await claims.enter(code, from);
    // The console shows that the code was used: an owner who did not use it knows then.
    if (answer.ok) await refreshConsole(system);
    return answer;
  },
  'settings-read': settingsRead,
  'settings-write': settingsWrite,
  check,
  plan,
  apply,
  follow,
  result,
  confirm,
};

/** What may be asked before an owner has entered the code, and after setup is closed. */
export const ANYBODYS: readonly HelperAction[] = ['status', 'claim'];
