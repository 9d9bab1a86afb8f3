import type { Problem } from '../../kit/errors.ts';
import { problemAt, type Rule } from './rule.ts';

/** A container comes from a registry or is built, and what steps load is one of the image's containers. */
export const containers: Rule = {
  name: 'containers',
  severity: 'error',
  check(image) {
    const { artifacts = {}, steps } = image.definition;
    const problems: Problem[] = [];
    for (const [name, artifact] of Object.entries(artifacts)) {
      if (artifact.kind !== 'container' || (artifact.image === undefined) !== (artifact.build === undefined)) continue;
      const message = `the container ${name} needs one of \`image\` and \`build\``;
      problems.push(problemAt(image, `/artifacts/${name}`, message, '`image` pulls by digest, `build` makes it of Debian packages.'));
    }
    for (const [index, step] of steps.entries()) {
      if (step.use !== 'container-image' || artifacts[step.with.container]?.kind === 'container') continue;
      const message = `step ${step.id} loads ${step.with.container}, which is no container of this image`;
      problems.push(problemAt(image, `/steps/${index}/with/container`, message, 'Name an artifact of kind container.'));
    }
    return problems;
  },
};
