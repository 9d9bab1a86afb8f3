import { problemAt, type Rule } from './rule.ts';

export const dataDisk: Rule = {
  name: 'data-disk',
  severity: 'error',
  check(image) {
    const names = (image.definition.hardware.dataDisks ?? []).map(({ name }) => name);
    return names.flatMap((name, index) =>
      names.indexOf(name) < index
        ? [problemAt(image, `/hardware/dataDisks/${index}/name`, `data disk "${name}" is there twice`, 'Give it another name.')]
        : [],
    );
  },
};
