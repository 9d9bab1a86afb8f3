/** A page a section: its form, saved as one goes, and what can be tried out. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import type { CheckReport } from '../../contract/helper.ts';
import { textIn } from '../../contract/texts.ts';
import { settingAt } from '../../settings/index.ts';
import { type Field, sectionFields } from '../form/fields.ts';
import { ACT, idOf, parameterName } from '../form/names.ts';
import { type Complaint, complaintsOf, refusalsOf } from '../form/problems.ts';
import { readSection } from '../form/read.ts';
import { formOf, visitOf } from '../guard.ts';
import type { Section } from '../sections.ts';
import { queryOf, type Site, type Visit } from '../site.ts';
import { CHECK_VIEWS, type CheckView } from '../views.ts';
import { homeOf, isOpen, sectionPath, stepsOf, type Wizard, wizardOf } from '../wizard.ts';

interface Shown {
  complaints: Complaint[];
  /** A list that gets one more entry. */
  more?: string | undefined;
  report?: object;
  /** What was typed beside check buttons, by name. */
  parameters?: ReadonlyMap<string, string>;
  secretsAgain?: boolean;
  code?: number;
}

export function sectionRoutes(app: FastifyInstance, site: Site): void {
  app.get('/', (request, reply) => reply.redirect(homeOf(visitOf(request)), 303));
  app.get('/sections', async (request, reply) => {
    const { sections } = await wizardOf(site, visitOf(request));
    return reply.redirect(sections[0] === undefined ? '/review' : sectionPath(sections[0].name), 303);
  });
  app.get<{ Params: { name: string } }>('/section/:name', async (request, reply) => {
    const visit = visitOf(request);
    if (!isOpen(visit)) return reply.redirect(homeOf(visit), 303);
    const wizard = await wizardOf(site, visit);
    const section = wizard.sections.find(({ name }) => name === request.params.name);
    if (section === undefined) return site.say(request, reply, visit, 'error.notFound', 404);
    // What nobody has answered yet is no mistake; the review's links ask for everything.
    const complaints = complaintsOf(wizard.kept, visit, section.name).filter(({ missing }) => !missing || queryOf(request, 'all') === '1');
    return showSection(site, request, reply, wizard, section, { complaints, more: queryOf(request, 'more') });
  });
  app.post<{ Params: { name: string } }>('/section/:name', async (request, reply) => {
    const visit = visitOf(request);
    if (!isOpen(visit)) return reply.redirect(homeOf(visit), 303);
    const wizard = await wizardOf(site, visit);
    const section = wizard.sections.find(({ name }) => name === request.params.name);
    if (section === undefined) return site.say(request, reply, visit, 'error.notFound', 404);
    return saveSection(site, request, reply, wizard, section);
  });
}

async function saveSection(site: Site, request: FastifyRequest, reply: FastifyReply, wizard: Wizard, section: Section): Promise<unknown> {
  const posted = formOf(request);
  const [act = 'save', argument = ''] = split(posted.fields.get(ACT)?.at(-1) ?? 'save');
  const { visit } = wizard;
  const written = readSection(section.name, section.schema, posted, wizard.kept, act === 'remove' ? argument : undefined);
  const kept = await site.ports.helper.call('settings-write', { section: section.name, ...written });
  site.statuses.forget();
  const now = { ...wizard, kept };
  if (act === 'add') return reply.redirect(`${sectionPath(section.name)}?more=${encodeURIComponent(argument)}#${idOf(argument)}`, 303);
  if (act === 'remove') return reply.redirect(sectionPath(section.name), 303);
  const check = CHECK_VIEWS.find((view) => view.section === section.name && view.check === argument);
  if (act === 'check' && check !== undefined) return tryOut(site, request, reply, now, section, check);
  const complaints = complaintsOf(kept, visit, section.name);
  if (complaints.length > 0) return showSection(site, request, reply, now, section, { complaints, code: 422, secretsAgain: false });
  const next = wizard.sections[wizard.sections.indexOf(section) + 1];
  return reply.redirect(next === undefined ? '/review' : sectionPath(next.name), 303);
}

/** `add:/hosts` as `add` and `/hosts`. */
function split(text: string): [string, string] {
  const at = text.indexOf(':');
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

async function tryOut(
  site: Site,
  request: FastifyRequest,
  reply: FastifyReply,
  wizard: Wizard,
  section: Section,
  view: CheckView,
): Promise<unknown> {
  const posted = formOf(request);
  const names = [...Object.keys(view.ask ?? {}), ...(view.clock === undefined ? [] : [view.clock])];
  const given = names.flatMap((name): [string, string][] => {
    const text = posted.fields.get(parameterName(view.check, name))?.at(-1)?.trim() ?? '';
    return text === '' ? [] : [[name, text]];
  });
  const parameters = {
    ...Object.fromEntries(given.map(([name, text]) => [name, name === view.clock ? Number(text) : text])),
    ...(view.port === undefined ? {} : { [view.port]: request.socket.localPort }),
  };
  const report = await site.ports.helper.call('check', { section: section.name, check: view.check, parameters });
  const { visit, kept } = wizard;
  return showSection(site, request, reply, wizard, section, {
    complaints: complaintsOf(kept, visit, section.name).filter(({ missing }) => !missing),
    report: reportOf(report, view, visit),
    parameters: new Map(given.map(([name, text]) => [parameterName(view.check, name), text])),
  });
}

function reportOf({ findings, table, log, data = {} }: CheckReport, view: CheckView, { t, language }: Visit): object {
  return {
    title: t(view.title),
    findings: findings.map(({ severity, message, remedy }) => ({
      severity,
      severityText: t(`check.${severity}`),
      message: textIn(message, language),
      remedy: remedy === undefined ? undefined : textIn(remedy, language),
    })),
    table:
      table === undefined
        ? undefined
        : {
            columns: table.columns.map((texts) => textIn(texts, language)),
            rows: table.rows.map((row) => row.map((cell) => (typeof cell === 'string' ? cell : textIn(cell, language)))),
          },
    lines: log,
    linesTitle: view.lines === undefined ? undefined : t(view.lines),
    ...handOver(data),
  };
}

/** Where the network goes on after a try (sections/network/try-check.ts): an address that is known, or the end of one. */
function handOver({ handoverUrl, handoverPath }: Record<string, unknown>): object {
  if (typeof handoverUrl === 'string' && handoverUrl.startsWith('https://')) return { handoverUrl };
  return typeof handoverPath === 'string' ? { handoverPath } : {};
}

function showSection(site: Site, request: FastifyRequest, reply: FastifyReply, wizard: Wizard, section: Section, shown: Shown): unknown {
  const { visit, kept, sections } = wizard;
  const errors = new Map<string, string[]>();
  for (const { path, message } of shown.complaints) errors.set(path, [...(errors.get(path) ?? []), message]);
  const fields = sectionFields(section.name, section.schema, settingAt(kept.values, section.name), {
    ...visit,
    secretsSet: new Set(kept.secretsSet),
    origins: kept.origins,
    errors,
    more: shown.more,
  });
  const before = sections[sections.indexOf(section) - 1];
  const help = section.schema['x-help'];
  return site.show(
    request,
    reply,
    visit,
    'section',
    {
      heading: section.title,
      help: help === undefined ? undefined : textIn(help, visit.language),
      section: encodeURIComponent(section.name),
      // Once, where people begin; the review says it again.
      outside: before === undefined ? refusalsOf(kept, visit) : [],
      steps: stepsOf(wizard, section.name),
      fields,
      complaints: shown.complaints.map((complaint) => ({ ...complaint, href: linkTo(fields, complaint.path) })),
      secretsAgain: shown.secretsAgain,
      checks: checksOf(section, visit, shown),
      report: shown.report,
      back: before === undefined ? undefined : sectionPath(before.name),
    },
    { code: shown.code ?? 200, path: sectionPath(section.name) },
  );
}

/** To the control that a complaint is about: its own, or the one that holds it. */
function linkTo(fields: readonly Field[], path: string): string | undefined {
  const all = allFields(fields).filter((field) => path === field.path || path.startsWith(`${field.path}.`));
  const nearest = all.sort((a, b) => b.path.length - a.path.length)[0];
  return nearest === undefined ? undefined : `#${nearest.id}`;
}

function allFields(fields: readonly Field[]): Field[] {
  return fields.flatMap((field) => [
    field,
    ...allFields(field.fields ?? []),
    ...(field.items ?? []).flatMap((item) => allFields(item.fields)),
  ]);
}

function checksOf(section: Section, { t }: Visit, { parameters }: Shown): object[] {
  return CHECK_VIEWS.filter((view) => view.section === section.name).map(({ check, title, ask = {}, clock }) => ({
    check,
    title: t(title),
    clock: clock === undefined ? undefined : parameterName(check, clock),
    ask: Object.entries(ask).map(([name, { title: label, type }]) => {
      const full = parameterName(check, name);
      return { id: idOf(full), name: full, type, title: t(label), value: parameters?.get(full) ?? '' };
    }),
  }));
}
