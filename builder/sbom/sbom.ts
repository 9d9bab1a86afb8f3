/** The software bill of materials: CycloneDX 1.6 in JSON, the same bytes for the same input. */
import { Enums, Models, Serialize, Spec } from '@cyclonedx/cyclonedx-library';

import { UNIT_PATHS } from '../../firstboot/contract/unit.ts';
import { sha256 } from '../kit/hash.ts';
import { publicUrl } from '../kit/secrets.ts';
import type { Component as ArtifactComponent } from '../sources/source.ts';
import type { Inventory, InventoryPackage } from './inventory.ts';
import { spdxId } from './licences.ts';

export interface SbomRequest {
  image: { name: string; version: string; title: string; vendor: { name: string; url?: string } };
  base: { distribution: string; suite: string; architecture: string };
  inventory: Inventory;
  /** SHA-256 of the .deb files by package name. */
  packageHashes: ReadonlyMap<string, string>;
  /** Components of every artifact, by the artifact's name. */
  artifacts: Readonly<Record<string, readonly ArtifactComponent[]>>;
  builderVersion: string;
  /** When what is listed was current, such as the time of the package index: not "now", or equal input gives other bytes. */
  created: Date;
}

/** The document as text, ending in a newline. */
export function makeSbom(request: SbomRequest): string {
  const main = mainComponent(request);
  const all = [
    ...debianComponents(request),
    ...pythonComponents(request),
    ...libraryComponents(request),
    ...npmComponents(request),
    ...fileComponents(request),
    ...containedComponents(request),
  ];
  // First boot and a product may hold the same package of npm.
  const components = [...new Map(all.map((component) => [component.bomRef.value, component])).values()];
  const bom = new Models.Bom({ components: new Models.ComponentRepository(components) });
  bom.metadata.component = main;
  bom.metadata.timestamp = request.created;
  const tool = new Models.Component(Enums.ComponentType.Application, 'unitsmith', { version: request.builderVersion });
  bom.metadata.tools.components.add(tool);
  for (const { bomRef } of components) main.dependencies.add(bomRef);
  const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6));
  const options = { sortLists: true, space: 2 };
  bom.serialNumber = serialNumber(serializer.serialize(bom, options));
  return `${serializer.serialize(bom, options)}\n`;
}

/** RFC 9562, version 8: made of the content, so that equal documents have equal numbers. */
function serialNumber(text: string): string {
  const hex = sha256(text);
  const variant = ((Number.parseInt(hex.slice(16, 18), 16) & 0x3f) | 0x80).toString(16);
  return `urn:uuid:${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(18, 20)}-${hex.slice(20, 32)}`;
}

function mainComponent({ image, base }: SbomRequest): Models.Component {
  const { url } = image.vendor;
  return new Models.Component(Enums.ComponentType.OperatingSystem, image.name, {
    bomRef: `image:${image.name}@${image.version}`,
    version: image.version,
    description: image.title,
    supplier: new Models.OrganizationalEntity({ name: image.vendor.name, ...(url === undefined ? {} : { url: new Set([url]) }) }),
    properties: new Models.PropertyRepository(Object.entries(base).map(([name, value]) => new Models.Property(`unitsmith:${name}`, value))),
  });
}

/** Package URL types `deb`, `maven`, `pypi` and `npm`; only what their names and versions can hold needs encoding. */
function purlOf(type: string, name: string, version: string, qualifiers: Readonly<Record<string, string>> = {}): string {
  const encode = (text: string): string => encodeURIComponent(text).replaceAll('%3A', ':');
  const query = Object.entries(qualifiers).map(([key, value]) => `${key}=${encode(value)}`);
  return `pkg:${type}/${name.split('/').map(encode).join('/')}@${encode(version)}${query.length === 0 ? '' : `?${query.join('&')}`}`;
}

function debianComponents({ inventory, base, packageHashes }: SbomRequest): Models.Component[] {
  return inventory.packages.map((item) => {
    const purl = purlOf('deb', `${base.distribution}/${item.name}`, item.version, { arch: item.architecture, distro: base.suite });
    const hash = packageHashes.get(item.name);
    return new Models.Component(Enums.ComponentType.Library, item.name, {
      ...{ bomRef: purl, purl, version: item.version },
      supplier: new Models.OrganizationalEntity({ name: item.maintainer }),
      ...(hash === undefined ? {} : { hashes: hashesOf(hash) }),
      licenses: licencesOf(item.licences),
      externalReferences: homepage(item),
      properties: new Models.PropertyRepository([
        new Models.Property('unitsmith:source', item.source),
        new Models.Property('unitsmith:source-version', item.sourceVersion),
      ]),
    });
  });
}

function homepage({ homepage: url }: InventoryPackage): Models.ExternalReferenceRepository {
  const references = url === undefined ? [] : [new Models.ExternalReference(url, Enums.ExternalReferenceType.Website)];
  return new Models.ExternalReferenceRepository(references);
}

/** What stands on the disk counts; a wheel's hash is added where an artifact brought it. The same in two environments is one component. */
function pythonComponents({ inventory, artifacts }: SbomRequest): Models.Component[] {
  const wheels = new Map<string, string>();
  for (const item of Object.values(artifacts).flat()) {
    if (item.type === 'python' && item.container === undefined) wheels.set(pythonKey(item.name, item.version), item.sha256);
  }
  const unique = new Map(inventory.python.map((item) => [pythonKey(item.name, item.version), item]));
  return [...unique].map(([key, { name, version, licences }]) => {
    const purl = purlOf('pypi', normalised(name), version);
    const hash = wheels.get(key);
    return new Models.Component(Enums.ComponentType.Library, name, {
      ...{ bomRef: purl, purl, version, licenses: licencesOf(licences) },
      ...(hash === undefined ? {} : { hashes: hashesOf(hash) }),
    });
  });
}

/** Name normalisation of the Python packaging specifications. */
function normalised(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, '-');
}

function pythonKey(name: string, version: string | undefined): string {
  return `${normalised(name)} ${version ?? ''}`;
}

function npmComponents({ inventory }: SbomRequest): Models.Component[] {
  return inventory.npm.map(({ name, version, licence }) => {
    const purl = purlOf('npm', name, version);
    return new Models.Component(Enums.ComponentType.Library, name, {
      ...{ bomRef: purl, purl, version, licenses: licencesOf([licence]) },
      properties: new Models.PropertyRepository([new Models.Property('unitsmith:bundled-in', `${UNIT_PATHS.lib}/unitctl.mjs`)]),
    });
  });
}

/** Packages that only their artifact knows of: nothing on the disk says what they are. */
function libraryComponents({ artifacts }: SbomRequest): Models.Component[] {
  const unique = new Map<string, Models.Component>();
  for (const { type, name, version = '', sha256: hash, licences = [], qualifiers, container } of Object.values(artifacts).flat()) {
    if ((type !== 'maven' && type !== 'npm') || container !== undefined) continue;
    const purl = purlOf(type, name, version, qualifiers);
    const options = { bomRef: purl, purl, version, hashes: hashesOf(hash), licenses: licencesOf(licences) };
    unique.set(purl, new Models.Component(Enums.ComponentType.Library, name, options));
  }
  return [...unique.values()];
}

/** Artifacts that are no packages: downloads and files of the image. */
function fileComponents({ artifacts }: SbomRequest): Models.Component[] {
  return Object.entries(artifacts).flatMap(([artifact, components]) =>
    components
      .filter(({ type, container }) => type === 'file' && container === undefined)
      .map(({ name, version, sha256: hash, licences = [], url }) => {
        const address = publicUrl(url ?? '');
        const references = address === undefined ? [] : [new Models.ExternalReference(address, Enums.ExternalReferenceType.Distribution)];
        return new Models.Component(Enums.ComponentType.File, name, {
          bomRef: `artifact:${artifact}/${name}`,
          ...(version === undefined ? {} : { version }),
          hashes: hashesOf(hash),
          licenses: licencesOf(licences),
          externalReferences: new Models.ExternalReferenceRepository(references),
        });
      }),
  );
}

/** What is in container images: the unit's own package lists do not know it. */
function containedComponents({ artifacts, base }: SbomRequest): Models.Component[] {
  return Object.values(artifacts)
    .flat()
    .flatMap((item) => (item.container === undefined ? [] : [containedComponent(item, item.container, base)]));
}

function containedComponent(item: ArtifactComponent, container: string, base: SbomRequest['base']): Models.Component {
  const { type, name, version, sha256: hash, licences = [], source } = item;
  const purl = containedPurl(item, base);
  const properties = [
    new Models.Property('unitsmith:container', container),
    ...(source === undefined
      ? []
      : [new Models.Property('unitsmith:source', source.name), new Models.Property('unitsmith:source-version', source.version)]),
  ];
  return new Models.Component(type === 'file' ? Enums.ComponentType.File : Enums.ComponentType.Library, name, {
    bomRef: `container:${container}/${purl ?? name}`,
    ...(purl === undefined ? {} : { purl }),
    ...(version === undefined ? {} : { version }),
    hashes: hashesOf(hash),
    licenses: licencesOf(licences),
    properties: new Models.PropertyRepository(properties),
  });
}

function containedPurl(item: ArtifactComponent, base: SbomRequest['base']): string | undefined {
  const { type, name, version = '', architecture = base.architecture, qualifiers } = item;
  if (type === 'file') return undefined;
  if (type === 'debian') return purlOf('deb', `${base.distribution}/${name}`, version, { arch: architecture, distro: base.suite });
  return type === 'python' ? purlOf('pypi', normalised(name), version) : purlOf(type, name, version, qualifiers);
}

function hashesOf(hash: string): Models.HashDictionary {
  return new Models.HashDictionary([[Enums.HashAlgorithm['SHA-256'], hash]]);
}

function licencesOf(names: readonly string[]): Models.LicenseRepository {
  const unique = new Map(names.map((name) => [spdxId(name) ?? name, name]));
  return new Models.LicenseRepository(
    [...unique].map(([id, name]) => (spdxId(name) === undefined ? new Models.NamedLicense(name) : new Models.SpdxLicense(id))),
  );
}
