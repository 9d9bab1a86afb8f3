/** The audit, as stages and commands see it. */
export { type AuditException, type AuditFinding, auditRuleNames, auditTree } from './audit.ts';
export { openContainers } from './containers.ts';
export { PackageFiles } from './dpkg.ts';
export { openSealedDisk } from './open.ts';
export type { RecordedPackage } from './rule.ts';
export type { SealedEntry, SealedTree } from './tree.ts';
