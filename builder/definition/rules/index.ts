/** Every cross-field rule, in the order in which their findings are shown. A new rule is a file and a line. */
import { artifactFiles } from './artifact-files.ts';
import { auditException } from './audit-exception.ts';
import { containers } from './containers.ts';
import { dataDisk } from './data-disk.ts';
import { dnsRecords } from './dns-records.ts';
import { filesExist } from './files-exist.ts';
import { hardwareEnough } from './hardware-enough.ts';
import { kernelDrivers } from './kernel-drivers.ts';
import { pluginKinds } from './plugin-kinds.ts';
import { portOnce } from './port-once.ts';
import { portReserved } from './port-reserved.ts';
import { probeAddress } from './probe-address.ts';
import { probePort } from './probe-port.ts';
import { roleUnique } from './role-unique.ts';
import { roles } from './roles.ts';
import type { Rule } from './rule.ts';
import { sampleAnswers } from './sample-answers.ts';
import { scriptsRun } from './scripts-run.ts';
import { secretExposed } from './secret-exposed.ts';
import { secretUsed } from './secret-used.ts';
import { serviceKnown } from './service-known.ts';
import { serviceOrder } from './service-order.ts';
import { serviceUnitOnce } from './service-unit-once.ts';
import { settingKnown } from './setting-known.ts';
import { settingUsed } from './setting-used.ts';
import { stateApart } from './state-apart.ts';
import { stepExecutable } from './step-executable.ts';
import { stepIdOnce } from './step-id-once.ts';
import { stepSecret } from './step-secret.ts';
import { stepTemplate } from './step-template.ts';
import { templateSyntax } from './template-syntax.ts';
import { variablesOwn } from './variables-own.ts';

export const RULES: readonly Rule[] = [
  filesExist,
  containers,
  roles,
  roleUnique,
  artifactFiles,
  kernelDrivers,
  serviceKnown,
  serviceOrder,
  serviceUnitOnce,
  portOnce,
  portReserved,
  stateApart,
  dnsRecords,
  pluginKinds,
  stepIdOnce,
  stepSecret,
  secretUsed,
  secretExposed,
  stepExecutable,
  stepTemplate,
  variablesOwn,
  templateSyntax,
  settingKnown,
  settingUsed,
  probeAddress,
  probePort,
  hardwareEnough,
  dataDisk,
  scriptsRun,
  auditException,
  sampleAnswers,
];
