import { nearest } from '../../../firstboot/settings/nearest.ts';
import { pointerOf } from '../../../firstboot/settings/pointer.ts';
import type { Problem } from '../../kit/errors.ts';
import { type ImageUnderCheck, problemAt, type Rule } from './rule.ts';
import { allSettings } from './settings.ts';

interface Member {
  pointer: string;
  what: string;
  roles?: readonly string[];
}

/** Roles that are named are there; who follows has a leader; what a role's steps name is in that role too. */
export const roles: Rule = {
  name: 'roles',
  severity: 'error',
  check: (image) => [...unknownRoles(image), ...leaders(image), ...strangers(image), ...settings(image)],
};

function unknownRoles(image: ImageUnderCheck): Problem[] {
  return members(image).flatMap(({ pointer, what, roles: named = [] }) =>
    named.flatMap((name, index) =>
      unknown(image, `${pointer}/roles/${index}`, name, `${what} is for the role "${name}", which this image has not`),
    ),
  );
}

function members({ definition }: ImageUnderCheck): Member[] {
  const { services, ports, state, dns = [], steps, probes, setup } = definition;
  const named = (list: Readonly<Record<string, { roles?: string[] }>>, of: string): Member[] =>
    Object.entries(list).map(([name, item]) => ({ ...item, pointer: `/${of}/${name}`, what: `${of}.${name}` }));
  const listed = (list: readonly { roles?: string[] }[], of: string): Member[] =>
    list.map((item, index) => ({ ...item, pointer: `/${of}/${index}`, what: `${of}[${index}]` }));
  return [
    ...named(services, 'services'),
    ...named(state, 'state'),
    ...listed(ports, 'ports'),
    ...listed(dns, 'dns'),
    ...listed(setup?.nextSteps ?? [], 'setup/nextSteps'),
    ...listed(steps, 'steps'),
    ...listed(probes.smoke ?? [], 'probes/smoke'),
    ...listed(probes.acceptance ?? [], 'probes/acceptance'),
  ];
}

function unknown(image: ImageUnderCheck, pointer: string, name: string, message: string): Problem[] {
  const names = Object.keys(image.definition.roles ?? {});
  if (names.includes(name)) return [];
  const near = nearest(name, names);
  const suggestion =
    near !== undefined ? `Did you mean "${near}"?` : names.length === 0 ? 'Declare it in roles.' : `Roles: ${names.join(', ')}.`;
  return [problemAt(image, pointer, message, suggestion)];
}

function leaders(image: ImageUnderCheck): Problem[] {
  const own = image.definition.roles ?? {};
  return Object.entries(own).flatMap(([name, { follows }]) => {
    if (follows === undefined) return [];
    const pointer = `/roles/${name}/follows`;
    if (own[follows]?.follows !== undefined)
      return [problemAt(image, pointer, `role "${name}" follows "${follows}", which follows another`, 'A leader leads; name that one.')];
    return unknown(image, pointer, follows, `role "${name}" follows "${follows}", which this image has not`);
  });
}

/** A step that starts a service, where the service is not in all of the step's roles. */
function strangers(image: ImageUnderCheck): Problem[] {
  const { steps, services, roles: own = {} } = image.definition;
  const all = Object.keys(own);
  return steps.flatMap((step, index) => {
    const service = step.use === 'service' ? services[step.with.name] : undefined;
    const role = service === undefined ? undefined : (step.roles ?? all).find((each) => service.roles?.includes(each) === false);
    if (step.use !== 'service' || role === undefined) return [];
    return [
      problemAt(
        image,
        `/steps/${index}/with/name`,
        `step "${step.id}" is in the role "${role}", and its service "${step.with.name}" is not`,
        'Give both the same roles.',
      ),
    ];
  });
}

function settings(image: ImageUnderCheck): Problem[] {
  const names = Object.keys(image.definition.roles ?? {});
  const { settings: own } = image;
  if (own === undefined) {
    if (names.length === 0) return [];
    return [
      problemAt(
        image,
        '/roles',
        'an image with roles needs a settings.schema.json',
        'Write one; `{"type": "object", "properties": {}, "additionalProperties": false}` asks nothing.',
      ),
    ];
  }
  return allSettings(image).flatMap(({ path, schema }) => {
    const wrong = path.startsWith('product.') ? schema['x-roles']?.find((name) => !names.includes(name)) : undefined;
    if (wrong === undefined) return [];
    const pointer = pointerOf(
      path
        .split('.')
        .slice(1)
        .flatMap((name) => ['properties', name]),
    );
    return [
      {
        message: `setting ${path.replace(/^product\./, '')} is for the role "${wrong}", which this image has not`,
        where: own.document.locate(`${pointer}/x-roles`),
        suggestion: names.length === 0 ? 'Declare it in roles of image.yaml.' : `Roles: ${names.join(', ')}.`,
      },
    ];
  });
}
