/** Pages from templates: every value that comes into one is escaped by handlebars, whoever gave it. */
import Handlebars from 'handlebars';

import type { Translate } from './language.ts';
import claim from './templates/claim.hbs?raw';
import clear from './templates/clear.hbs?raw';
import fieldArea from './templates/field-area.hbs?raw';
import fieldBoolean from './templates/field-boolean.hbs?raw';
import fieldChoice from './templates/field-choice.hbs?raw';
import fieldFile from './templates/field-file.hbs?raw';
import fieldFixed from './templates/field-fixed.hbs?raw';
import fieldGroup from './templates/field-group.hbs?raw';
import fieldRepeat from './templates/field-repeat.hbs?raw';
import fieldSelect from './templates/field-select.hbs?raw';
import fieldSeveral from './templates/field-several.hbs?raw';
import fieldText from './templates/field-text.hbs?raw';
import hints from './templates/hints.hbs?raw';
import label from './templates/label.hbs?raw';
import layout from './templates/layout.hbs?raw';
import message from './templates/message.hbs?raw';
import outside from './templates/outside.hbs?raw';
import progress from './templates/progress.hbs?raw';
import progressList from './templates/progress-list.hbs?raw';
import progressStep from './templates/progress-step.hbs?raw';
import report from './templates/report.hbs?raw';
import result from './templates/result.hbs?raw';
import review from './templates/review.hbs?raw';
import said from './templates/said.hbs?raw';
import section from './templates/section.hbs?raw';
import shown from './templates/shown.hbs?raw';
import when from './templates/when.hbs?raw';

const PARTIALS = {
  clear,
  hints,
  label,
  layout,
  outside,
  report,
  said,
  shown,
  when,
  'field-area': fieldArea,
  'field-boolean': fieldBoolean,
  'field-choice': fieldChoice,
  'field-file': fieldFile,
  'field-fixed': fieldFixed,
  'field-group': fieldGroup,
  'field-repeat': fieldRepeat,
  'field-select': fieldSelect,
  'field-several': fieldSeveral,
  'field-text': fieldText,
  'progress-list': progressList,
  'progress-step': progressStep,
};
const PAGES = { claim, message, progress, result, review, section, 'progress-step': progressStep };
export type Page = keyof typeof PAGES;
export type Render = (page: Page, data: object, t: Translate) => string;

/** Templates are compiled when they are first shown. */
export function createRender(): Render {
  const handlebars = Handlebars.create();
  handlebars.registerHelper('t', (key: string, options: Handlebars.HelperOptions) => {
    const { t } = options.data.root as { t: Translate };
    return t(key as Parameters<Translate>[0], options.hash as Record<string, unknown>);
  });
  for (const [name, text] of Object.entries(PARTIALS)) handlebars.registerPartial(name, trimmed(text));
  const compiled = Object.fromEntries(
    Object.entries(PAGES).map(([name, text]) => [name, handlebars.compile(trimmed(text), { strict: false, preventIndent: true })]),
  );
  return (page, data, t) => (compiled[page] as Handlebars.TemplateDelegate)({ ...data, t });
}

/** A partial that stands in the middle of a line must not end it. */
function trimmed(text: string): string {
  return text.replace(/\n$/, '');
}
