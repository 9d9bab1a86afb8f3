import { problemAt, type Rule } from './rule.ts';

export const portOnce: Rule = {
  name: 'port-once',
  severity: 'error',
  check(image) {
    const owners = new Map<string, string>();
    return image.definition.ports.flatMap(({ port, protocol, purpose }, index) => {
      const key = `${port}/${protocol ?? 'tcp'}`;
      const owner = owners.get(key);
      owners.set(key, owner ?? purpose);
      if (owner === undefined) return [];
      return [
        problemAt(image, `/ports/${index}/port`, `port ${key} is used twice: for "${owner}" and for "${purpose}"`, 'Keep one of them.'),
      ];
    });
  },
};
