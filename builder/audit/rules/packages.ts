import type { Found, Rule } from '../rule.ts';

const STATUS = '/var/lib/dpkg/status';

/** The SBOM and the list of sources are made of the record: it must be true of the sealed disk. */
export const packageList: Rule = {
  name: 'packages',
  title: 'The packages are those that were recorded',
  remedy: 'Name every package in image.yaml: scripts must not install, remove or upgrade packages.',
  check({ packages, recorded }) {
    const found: Found[] = [];
    const left = new Map(recorded.map((item) => [`${item.name}:${item.architecture}`, item.version]));
    for (const { name, version, architecture, state } of packages.packages) {
      if (state !== 'installed') {
        found.push({ path: STATUS, message: `has ${name} as ${state}, neither installed nor gone` });
        continue;
      }
      const key = `${name}:${architecture}`;
      const wanted = left.get(key);
      left.delete(key);
      if (wanted === undefined) found.push({ path: STATUS, message: `has ${name} ${version}, which was not recorded` });
      else if (wanted !== version) found.push({ path: STATUS, message: `has ${name} ${version}, recorded was ${wanted}` });
    }
    for (const [key, version] of left) found.push({ path: STATUS, message: `lacks ${key.split(':')[0]} ${version}, which was recorded` });
    return found;
  },
};
