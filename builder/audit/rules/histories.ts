import { entryRule } from '../rule.ts';

const NAMES =
  /\/\.(bash|sh|zsh|ash|ksh|psql|mysql|mariadb|sqlite|rediscli|dbshell|mongorsh|node_repl|irb|gdb|php|python|lua|erlang|units|octave)_?-?history$|\/\.(lesshst|viminfo|wget-hsts|histfile|python_history|recently-used|nano_history|sudo_as_admin_successful|selected_editor|lynx_history|Xauthority)$|\/\.local\/(share|state)\/.*history$|\/\.config\/.*history$/;

export const histories = entryRule(
  {
    name: 'histories',
    title: 'There is no history of a shell or another tool',
    remedy: 'Remove it when the disk is sealed; scripts that log in should not keep one (`unset HISTFILE`).',
    contained: true,
  },
  ({ path, type }) => (type !== 'directory' && NAMES.test(path) ? 'tells what somebody did while the image was made' : undefined),
);
