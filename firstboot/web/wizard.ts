/** Where in the wizard a visitor is, by the state of the unit. */
import type { KeptSettings } from '../contract/helper.ts';
import { complaintsOf } from './form/problems.ts';
import { type Section, sectionsOf } from './sections.ts';
import type { Site, Visit } from './site.ts';

export interface Wizard {
  visit: Visit;
  kept: KeptSettings;
  sections: Section[];
}

/** True while settings may be changed: also once the unit is ready, by whoever still has the session, or has opened setup again. */
export function isOpen({ status: { state } }: Visit): boolean {
  return state !== 'applying';
}

/** The page that belongs to the unit's state. */
export function homeOf({ status: { state, settled } }: Visit): '/sections' | '/progress' | '/result' {
  if (state === 'waiting') return '/sections';
  if (state === 'applying') return '/progress';
  // A service that is not ready just now must not hide what the owner has to save.
  return state === 'ready' || settled ? '/result' : '/progress';
}

export async function wizardOf(site: Site, visit: Visit): Promise<Wizard> {
  const kept = await site.ports.helper.call('settings-read', {});
  return { visit, kept, sections: sectionsOf(visit.status, kept, visit.language, visit.t) };
}

export function sectionPath(name: string): string {
  return `/section/${encodeURIComponent(name)}`;
}

/** The list of steps beside each page; `current` is a section's name or `review`. */
export function stepsOf({ visit, kept, sections }: Wizard, current: string): object[] {
  const wrong = new Set(
    complaintsOf(kept, visit)
      .filter(({ missing }) => !missing)
      .map(({ path }) => path.split('.')[0]),
  );
  return [
    ...sections.map(({ name, title }) => ({ href: sectionPath(name), title, current: name === current, wrong: wrong.has(name) })),
    { href: '/review', title: visit.t('section.review'), current: current === 'review', wrong: false },
  ];
}
