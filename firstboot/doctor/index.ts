import { certificates } from './certificates.ts';
import type { DoctorCheck } from './check.ts';
import { clock } from './clock.ts';
import { cluster } from './cluster.ts';
import { disk } from './disk.ts';
import { dns } from './dns.ts';
import { failedUnits } from './failed-units.ts';
import { mail } from './mail.ts';
import { ports } from './ports.ts';
import { services } from './services.ts';
import { updates } from './updates.ts';

/** In the order in which they are said: what others stand on comes first. */
export const DOCTOR_CHECKS: readonly DoctorCheck[] = [clock, disk, dns, certificates, failedUnits, services, cluster, ports, mail, updates];
