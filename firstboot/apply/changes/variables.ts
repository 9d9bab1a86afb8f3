import { readBundle } from '../../cluster/follower/bundle.ts';
import type { TreeFile } from '../../contract/cluster.ts';
import { ExitCode, UnitError } from '../../kit/errors.ts';
import { type Change, type ChangeContext, DONE, due, type Parameters } from '../change.ts';
import { ownership } from '../owner.ts';
import { allTexts, fillOwn, makeSecrets, missingSecrets, renderTree, type VariablesStep } from '../variables/render.ts';
import { removeTree, treeDue, writeTree } from '../variables/tree.ts';

type P = Parameters<'variables'>;

/** The product's own files with values in the places of variables: rendered here, or by the leader that this unit follows. */
export const variables: Change<P> = {
  words: ({ to }) => ({
    en: `The product's files below ${to} are written.`,
    ja: `${to} 以下に製品のファイルを書き込みます。`,
    ru: `Записываются файлы продукта в ${to}.`,
  }),

  async check(parameters, context) {
    const step = stepOf(parameters, context);
    const [missing] = await missingSecrets([allTexts(step)], context);
    if (missing !== undefined) return due(`the secret of ${missing} is not there`);
    const why = await treeDue(context.system, parameters.to, await filesOf(step, context), await ownerOf(parameters, context));
    return why === undefined ? DONE : due(why);
  },

  async apply(parameters, context) {
    const step = stepOf(parameters, context);
    await makeSecrets([allTexts(step)], context);
    await writeTree(context.system, parameters.to, await filesOf(step, context), await ownerOf(parameters, context));
  },

  async reset({ to }, { system }) {
    await removeTree(system, to);
  },
};

/** Puts a new certificate of this unit into the files that have it. */
export async function refreshCertificate(context: ChangeContext): Promise<void> {
  for (const step of context.unit.steps) {
    if (step.use === 'variables' && step.with.certificate !== undefined) await variables.apply(step.with, context);
  }
}

/** As the image has it: which of its values are secrets is not to be seen once they are in their places. */
function stepOf({ to }: P, { unit }: ChangeContext): VariablesStep {
  const step = unit.steps.find((each): each is VariablesStep => each.use === 'variables' && each.with.to === to);
  if (step === undefined) throw new UnitError(`no step of this unit writes ${to}`, { exitCode: ExitCode.unit });
  return step;
}

async function filesOf(step: VariablesStep, context: ChangeContext): Promise<TreeFile[]> {
  if (context.unit.ownRole?.follows === undefined) return renderTree(step, allTexts(step), context);
  const files = (await readBundle(context.system))?.trees[step.with.to];
  if (files !== undefined) return fillOwn(step, files, context);
  throw new UnitError(`the leader has no files for ${step.with.to}`, {
    exitCode: ExitCode.step,
    remedies: ['Leader and follower must be of the same image: compare `unitctl status` on both.'],
  });
}

async function ownerOf({ owner, group }: P, { system }: ChangeContext): ReturnType<typeof ownership> {
  return ownership(system, owner, group);
}
