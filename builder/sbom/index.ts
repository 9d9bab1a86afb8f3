/** What is packaged beside an image: SBOM, source list, sizes. */
export { type Inventory, type InventoryPackage, type InventoryPython, takeInventory } from './inventory.ts';
export { makeSbom, type SbomRequest } from './sbom.ts';
export { checkBudget, type SizeReport, sizeText } from './size.ts';
export { listSources, type SourcePackage, sourcesJson, sourcesText } from './sources.ts';
