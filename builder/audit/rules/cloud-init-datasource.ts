import { parse } from 'yaml';

import type { Found, Rule, Subject } from '../rule.ts';

/** cloud-init's documentation, "How cloud-init determines the datasource": what pins it, and what turns it off. */
export const cloudInitDatasource: Rule = {
  name: 'cloud-init-datasource',
  title: 'cloud-init looks for its datasource on the unit',
  remedy: 'Remove the pin: the same image must find OVF, NoCloud, OpenStack and others by itself.',
  check: (subject) => [...pins(subject), ...dsIdentify(subject), ...disabled(subject)],
};

function pins({ tree }: Subject): Found[] {
  const found: Found[] = [];
  for (const { path, text } of tree.texts('/etc/cloud', /^\/etc\/cloud\/cloud\.cfg(\.d\/.*\.cfg)?$/)) {
    const config = mapping(text);
    if (config === undefined) found.push({ path, message: 'is not YAML that cloud-init can read' });
    const list = config?.['datasource_list'];
    const real = Array.isArray(list) ? list.filter((name) => name !== 'None') : [];
    if (Array.isArray(list) && real.length <= 1) found.push({ path, message: `pins the datasource to ${JSON.stringify(list)}` });
    const datasources = config?.['datasource'];
    for (const [name, settings] of Object.entries(datasources !== null && typeof datasources === 'object' ? datasources : {})) {
      if (/seedfrom|user-data|meta-data|metadata_urls/.test(JSON.stringify(settings))) {
        found.push({ path, message: `says where the datasource ${name} is` });
      }
    }
  }
  return found;
}

function mapping(text: string): Record<string, unknown> | undefined {
  try {
    const data: unknown = parse(text, { logLevel: 'silent' }) ?? {};
    return typeof data === 'object' && !Array.isArray(data) ? (data as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** ds-identify's own file: `datasource:` names one, `policy:` may turn it off. */
function dsIdentify({ tree }: Subject): Found[] {
  const path = '/etc/cloud/ds-identify.cfg';
  const text = tree.text(path) ?? '';
  return /^\s*(datasource|policy|ci\.datasource\.\S+)\s*:\s*\S/m.test(text)
    ? [{ path, message: 'pins what ds-identify would find out' }]
    : [];
}

function disabled({ tree }: Subject): Found[] {
  const masked = tree.entries.filter(
    ({ path, type, target }) =>
      /^\/etc\/systemd\/system\/cloud-(init|config|final)/.test(path) && type === 'link' && target === '/dev/null',
  );
  const marker = tree.get('/etc/cloud/cloud-init.disabled');
  return [...(marker === undefined ? [] : [marker]), ...masked].map(({ path }) => ({ path, message: 'keeps cloud-init from running' }));
}
