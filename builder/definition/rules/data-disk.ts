import { problemAt, type Rule } from './rule.ts';

export const dataDisk: Rule = {
  name: 'data-disk',
  severity: 'error',
  check(image) {
    const { hardware, state } = image.definition;
    const disks = hardware.dataDisks ?? [];
    const names = disks.map(({ name }) => name);
    const twice = names.flatMap((name, index) =>
      names.indexOf(name) < index
        ? [problemAt(image, `/hardware/dataDisks/${index}/name`, `data disk "${name}" is there twice`, 'Give it another name.')]
        : [],
    );
    const homeless = Object.entries(state).flatMap(([name, { path }]) =>
      disks.length === 0 && `${path}/`.startsWith('/data/')
        ? [problemAt(image, `/state/${name}/path`, `${path} is on the data disk, but the image asks for none`, 'Add hardware.dataDisks.')]
        : [],
    );
    return [...twice, ...homeless];
  },
};
