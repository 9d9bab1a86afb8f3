/**
 * argv of a program that gets a signal when this process ends, however that ends: where we are killed ourselves nobody else would
 * end a machine. setpriv(1) of util-linux asks the kernel for it (PR_SET_PDEATHSIG).
 */
export function tiedToUs(program: string, args: readonly string[], signal: 'KILL' | 'TERM' = 'KILL'): [program: string, args: string[]] {
  return ['setpriv', ['--pdeathsig', signal, '--', program, ...args]];
}
