import type { Location } from '../kit/errors.ts';
import type { Archive } from './archive.ts';
import type { Manifest } from './manifest.ts';
import type { Ovf } from './ovf.ts';
import type { Subject } from './subject.ts';
import type { Vmdk } from './vmdk.ts';

export type Severity = 'error' | 'warning' | 'info';

/** What a rule found: what is wrong, where, and what to do about it. */
export interface Finding {
  message: string;
  where: Location;
  remedy: string;
  /** The rule's own where absent. */
  severity?: Severity;
}

interface Named {
  /** As in reports: words joined by hyphens. */
  name: string;
  /** `error`: importers refuse it, or the machine does not work. `warning`: some do, or something is lost. */
  severity: Severity;
  /** What the rule demands, as a sentence. */
  demand: string;
}

type Found = Finding[] | Promise<Finding[]>;

/** One demand of importers. A rule runs once for each thing of its scope that is there and can be read. */
export type Rule = Named &
  (
    | { scope: 'file'; check(subject: Subject): Found }
    | { scope: 'archive'; check(archive: Archive, subject: Subject): Found }
    | { scope: 'manifest'; check(manifest: Manifest, subject: Subject): Found }
    | { scope: 'descriptor'; check(ovf: Ovf, subject: Subject): Found }
    | { scope: 'disk'; check(disk: Vmdk, subject: Subject): Found }
  );
