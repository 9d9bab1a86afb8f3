import type { Probe } from '../../../firstboot/contract/probe.ts';
import { unitOf } from '../../../firstboot/contract/service.ts';
import { nearest } from '../../../firstboot/settings/nearest.ts';
import type { Problem } from '../../kit/errors.ts';
import { type ImageUnderCheck, problemAt, type Rule } from './rule.ts';

/** Units that every unit has besides the product's. */
const ENGINE_UNITS = /^(unit-.+|systemd-.+|ssh|nftables|cloud-.+|open-vm-tools|qemu-guest-agent|dbus|unattended-upgrades)\.service$/;

export const serviceKnown: Rule = {
  name: 'service-known',
  severity: 'error',
  check: (image) => [...afters(image), ...steps(image), ...probes(image)],
};

function afters(image: ImageUnderCheck): Problem[] {
  return Object.entries(image.definition.services).flatMap(([name, service]) =>
    (service.after ?? []).flatMap((other, index) =>
      unknown(
        image,
        `/services/${name}/after/${index}`,
        other,
        `services.${name} starts after "${other}", which is no service of this image`,
      ),
    ),
  );
}

function steps(image: ImageUnderCheck): Problem[] {
  return image.definition.steps.flatMap((step, index) =>
    step.use === 'service'
      ? unknown(
          image,
          `/steps/${index}/with/name`,
          step.with.name,
          `step "${step.id}" is for "${step.with.name}", which is no service of this image`,
        )
      : [],
  );
}

function unknown(image: ImageUnderCheck, pointer: string, name: string, message: string): Problem[] {
  const names = Object.keys(image.definition.services);
  return names.includes(name) ? [] : [problemAt(image, pointer, message, didYouMean(name, names))];
}

function probes(image: ImageUnderCheck): Problem[] {
  const all: { pointer: string; probe: Probe }[] = [
    ...Object.entries(image.definition.services).map(([name, service]) => ({ pointer: `/services/${name}/ready`, probe: service.ready })),
    ...(['smoke', 'acceptance'] as const).flatMap((list) =>
      (image.definition.probes[list] ?? []).map(({ probe }, index) => ({ pointer: `/probes/${list}/${index}/probe`, probe })),
    ),
  ];
  const units = Object.entries(image.definition.services).map(([name, service]) => unitOf(name, service));
  return all.flatMap(({ pointer, probe }) => {
    if (!('unit' in probe) || !probe.unit.endsWith('.service') || units.includes(probe.unit) || hasUnit(image, probe.unit)) return [];
    return [
      problemAt(
        image,
        `${pointer}/unit`,
        `the probe asks for ${probe.unit}, which is no service of this image`,
        didYouMean(probe.unit, units),
      ),
    ];
  });
}

function hasUnit(image: ImageUnderCheck, unit: string): boolean {
  return ENGINE_UNITS.test(unit) || ['etc', 'usr/lib'].some((place) => image.entries.has(`rootfs/${place}/systemd/system/${unit}`));
}

function didYouMean(word: string, words: readonly string[]): string {
  const near = nearest(word, words);
  if (near !== undefined) return `Did you mean "${near}"?`;
  return words.length === 0 ? 'The image has no services.' : `Services: ${words.join(', ')}.`;
}
