import { entryRule } from '../rule.ts';

/** sshd_config(5), AuthorizedKeysFile; the folders that drop-ins commonly name too. */
export const authorizedKeys = entryRule(
  {
    name: 'authorized-keys',
    title: 'No account lets anybody in by an SSH key',
    remedy: 'Remove it: who administers a unit is set when it is finished, or by cloud-init.',
    contained: true,
  },
  ({ path, type, size }) => {
    if (type === 'directory' || !(/\/authorized_keys2?[^/]*$/.test(path) || /^\/etc\/ssh\/authorized_keys/.test(path))) return undefined;
    if (path.startsWith('/usr/')) return undefined;
    return type === 'file' && size === 0 ? undefined : 'lets the holders of keys log in to every unit';
  },
);
