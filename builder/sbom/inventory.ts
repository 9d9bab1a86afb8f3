/** What a sealed disk is made of, as data: taken once by the audit, used for the SBOM, the list of sources and sizes. */
import { UNIT_PATHS } from '../../firstboot/contract/unit.ts';
import { PackageFiles, type SealedTree } from '../audit/index.ts';
import { licencesOfCopyright, licencesOfMetadata } from './licences.ts';
import { type SizeReport, sizeReport } from './size.ts';

export interface InventoryPackage {
  name: string;
  version: string;
  architecture: string;
  source: string;
  sourceVersion: string;
  builtUsing: { name: string; version: string }[];
  maintainer: string;
  homepage?: string;
  /** As the package's copyright file names them; empty where that is not machine-readable. */
  licences: string[];
}

export interface InventoryPython {
  name: string;
  version: string;
  licences: string[];
  /** The folder that holds it, on the unit. */
  path: string;
}

/** A package whose code stands in a bundle of first boot. */
export interface InventoryNpm {
  name: string;
  version: string;
  licence: string;
}

export interface Inventory {
  packages: InventoryPackage[];
  /** Python distributions that belong to no Debian package, virtual environments included. */
  python: InventoryPython[];
  /** What builder/build.mjs bundled into first boot, from its list beside unitctl.mjs. */
  npm: InventoryNpm[];
  size: SizeReport;
}

export function takeInventory(tree: SealedTree): Inventory {
  const files = new PackageFiles(tree);
  const npm = JSON.parse(tree.text(UNIT_PATHS.bundled) ?? '[]') as InventoryNpm[];
  return { packages: debianPackages(tree, files), python: pythonPackages(tree, files), npm, size: sizeReport(tree, files) };
}

function debianPackages(tree: SealedTree, files: PackageFiles): InventoryPackage[] {
  return files.packages
    .filter(({ state }) => state === 'installed')
    .map(({ name, version, architecture, source, sourceVersion, builtUsing, maintainer, homepage }) => ({
      ...{ name, version, architecture, source, sourceVersion, builtUsing, maintainer },
      ...(homepage === undefined ? {} : { homepage }),
      licences: licencesOfCopyright(tree.text(`/usr/share/doc/${name}/copyright`) ?? ''),
    }));
}

/** The Python packaging specification "Recording installed projects": `<name>-<version>.dist-info/METADATA`. */
function pythonPackages(tree: SealedTree, files: PackageFiles): InventoryPython[] {
  return tree
    .texts('/', /\.dist-info\/METADATA$/)
    .filter(({ path }) => files.owner(path) === undefined)
    .map(({ path, text }) => {
      const field = (name: string): string => new RegExp(`^${name}: (.+)$`, 'm').exec(text)?.[1]?.trim() ?? '';
      const folder = path.slice(0, path.lastIndexOf('/', path.length - '/METADATA'.length - 1));
      return { name: field('Name'), version: field('Version'), licences: licencesOfMetadata(text), path: folder };
    });
}
