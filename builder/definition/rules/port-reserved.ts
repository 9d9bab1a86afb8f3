import { problemAt, type Rule } from './rule.ts';

/** Where set-up shows its progress and result while the product takes over 80 and 443. */
const SETUP_PORT = 8443;

export const portReserved: Rule = {
  name: 'port-reserved',
  severity: 'error',
  check: (image) =>
    image.definition.ports.flatMap(({ port, protocol }, index) =>
      port === SETUP_PORT && (protocol ?? 'tcp') === 'tcp'
        ? [
            problemAt(
              image,
              `/ports/${index}/port`,
              `port ${SETUP_PORT} belongs to the setup page until the unit is finalised`,
              'Choose another port.',
            ),
          ]
        : [],
    ),
};
