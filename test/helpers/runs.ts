/** How often a property is tried: `all` times by `npm run test:full`, else a fifth of that, so that the fast suite is fast. */
export function runs(all: number): { numRuns: number } {
  return { numRuns: process.env.UNITSMITH_TEST === 'full' ? all : Math.ceil(all / 5) };
}
