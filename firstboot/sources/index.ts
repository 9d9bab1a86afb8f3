import { answersDisk } from './answers-disk.ts';
import { cloudInit } from './cloud-init.ts';
import { ovfEnvironment } from './ovf-environment.ts';
import type { Source } from './source.ts';

/** Every outside source, one line each, in the order in which they are read. What wins is `SOURCE_ORDER` of the settings. */
export const sources: readonly Source[] = [ovfEnvironment, cloudInit, answersDisk];
