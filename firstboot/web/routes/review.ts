/** The review: what will be done, what was answered and where from, what is still in the way. */
import type { FastifyInstance } from 'fastify';

import type { KeptSettings, PlanWords } from '../../contract/helper.ts';
import { textIn } from '../../contract/texts.ts';
import { pointerOf, type SettingSchema } from '../../settings/index.ts';
import { asText, originText } from '../form/fields.ts';
import { idOf } from '../form/names.ts';
import { type Complaint, complaintsOf, givenSettings, refusalsOf, titleFor } from '../form/problems.ts';
import { choicesOf } from '../form/schema.ts';
import { visitOf } from '../guard.ts';
import { HelperError, saidBy } from '../helper-client.ts';
import type { Site, Visit } from '../site.ts';
import { homeOf, isOpen, sectionPath, stepsOf, type Wizard, wizardOf } from '../wizard.ts';

export function reviewRoutes(app: FastifyInstance, site: Site): void {
  app.get('/review', async (request, reply) => {
    const visit = visitOf(request);
    if (!isOpen(visit)) return reply.redirect(homeOf(visit), 303);
    const wizard = await wizardOf(site, visit);
    const complaints = complaintsOf(wizard.kept, visit);
    const { plan, said } = complaints.length > 0 ? { plan: undefined, said: undefined } : await planOf(site);
    return site.show(
      request,
      reply,
      visit,
      'review',
      {
        heading: visit.t('review.heading'),
        steps: stepsOf(wizard, 'review'),
        outside: refusalsOf(wizard.kept, visit),
        complaints: complaints.map((complaint) => ({ ...complaint, ...placeOf(wizard, complaint) })),
        plan: plan?.steps.map(({ title, words }) => ({ title: textIn(title, visit.language), words: textIn(words, visit.language) })),
        refused: said === undefined ? undefined : saidBy(said, visit.language),
        sections: wizard.sections.map(({ name, title }) => ({ title, href: sectionPath(name), rows: rowsOf(wizard.kept, name, visit) })),
        later: site.laterUrl(request),
      },
      { path: '/review' },
    );
  });
}

/** A plan cannot be made where a step reads what is not there: words of the helper. */
async function planOf(site: Site): Promise<{ plan?: PlanWords; said?: HelperError }> {
  try {
    return { plan: await site.ports.helper.call('plan', {}) };
  } catch (error) {
    if (error instanceof HelperError) return { said: error };
    throw error;
  }
}

function placeOf({ sections }: Wizard, { path }: Complaint): { section: string; href: string } {
  const [name = '', ...members] = path.split('.');
  const section = sections.find((each) => each.name === name);
  if (section === undefined) return { section: name, href: '/sections' };
  return { section: section.title, href: `${sectionPath(name)}?all=1#${idOf(pointerOf(members))}` };
}

interface Row {
  title: string;
  value: string;
  origin: string;
}

/** What is given, defaults too; settings without a value are left out. */
function rowsOf(kept: KeptSettings, section: string, visit: Visit): Row[] {
  return givenSettings(kept, section).flatMap(({ path, schema, value }) => {
    const isKept = schema.writeOnly === true && kept.secretsSet.includes(path);
    if (value === undefined && !isKept) return [];
    const shown = isKept ? visit.t('review.kept') : wordsFor(schema, value, visit);
    if (shown === '') return [];
    const origin = originText(kept.origins[path] ?? 'default', visit.t);
    return [{ title: fullTitle(kept, path, section, visit), value: shown, origin }];
  });
}

/** `Database – Password` for a setting in a group. */
function fullTitle(kept: KeptSettings, path: string, section: string, { language }: Visit): string {
  const names = path.split('.');
  const first = section.split('.').length + 1;
  const titles = names
    .slice(first - 1)
    .map((_, index) => titleFor(kept.schema as SettingSchema, names.slice(0, first + index).join('.'), language));
  return [...new Set(titles)].join(' – ');
}

function wordsFor(schema: SettingSchema, value: unknown, visit: Visit): string {
  const { t, language } = visit;
  if (typeof value === 'boolean') return t(value ? 'review.yes' : 'review.no');
  if (schema['contentEncoding'] === 'base64' && typeof value === 'string')
    return t('review.file', { size: Buffer.from(value, 'base64').length });
  if (Array.isArray(value)) return value.map((each) => wordsFor(schema.items ?? {}, each, visit)).join(', ');
  const choice = choicesOf(schema)?.find((each) => each.value === value)?.schema['x-titles'] ?? schema['x-choices']?.[asText(value)];
  return choice === undefined ? asText(value) : textIn(choice, language);
}
