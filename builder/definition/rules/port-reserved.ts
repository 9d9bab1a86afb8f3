import { LATER_PORT } from '../../../firstboot/contract/setup.ts';
import { problemAt, type Rule } from './rule.ts';

export const portReserved: Rule = {
  name: 'port-reserved',
  severity: 'error',
  check: (image) =>
    image.definition.ports.flatMap(({ port, protocol }, index) =>
      port === LATER_PORT && (protocol ?? 'tcp') === 'tcp'
        ? [
            problemAt(
              image,
              `/ports/${index}/port`,
              `port ${LATER_PORT} belongs to the setup page until the unit is finalised`,
              'Choose another port.',
            ),
          ]
        : [],
    ),
};
