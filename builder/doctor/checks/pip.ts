/** pip of the host's Python downloads the wheels of `pypi` artifacts; Debian has it in a package of its own. */
import { ToolError } from '../../kit/errors.ts';
import { pipVersion } from '../../tools/pip.ts';
import type { HostCheck } from '../check.ts';

export const pipCheck: HostCheck = {
  name: 'pip',
  purpose: 'downloads Python packages',
  async look(ctx) {
    try {
      await pipVersion(ctx);
      return undefined;
    } catch (error) {
      if (!(error instanceof ToolError)) throw error;
      return { severity: 'error', message: 'pip for Python 3 is not installed (it downloads Python packages)', packages: ['python3-pip'] };
    }
  },
};
