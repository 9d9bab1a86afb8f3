/** A cross-field rule: what a schema cannot say. One file each, listed in index.ts. */
import type { SettingSchema } from '../../../firstboot/settings/annotations.ts';
import type { Location, Problem } from '../../kit/errors.ts';
import type { ImageDefinition } from '../definition.ts';
import type { SourceDocument } from '../document.ts';
import type { Folder } from '../folder.ts';
import type { TemplateReading } from '../references.ts';

/** A text of the image that handlebars renders, and what it reads. */
export interface TemplateText {
  /** How messages call it. */
  name: string;
  reading: TemplateReading;
  locate(line: number, column: number): Location;
  /** Index of the step that renders it. */
  step: number;
  /** The step's parameter that it is in; undefined for a file of templates/. */
  parameter: string | undefined;
}

/** What a rule looks at: a definition that its schema accepts, and the folder around it. */
export interface ImageUnderCheck {
  definition: ImageDefinition;
  document: SourceDocument;
  folder: string;
  entries: Folder;
  /** Path of a file of the image as messages show it. */
  show(path: string): string;
  settings: { schema: SettingSchema; document: SourceDocument } | undefined;
  answers: SourceDocument | undefined;
  /** Of `sample/answers.ROLE.yaml`, by role. */
  roleAnswers: Readonly<Record<string, SourceDocument>>;
  texts: readonly TemplateText[];
  /** Names of the audit's rules; undefined where the caller does not know them. */
  auditRules: readonly string[] | undefined;
}

export interface Rule {
  name: string;
  /** A warning does not keep an image from being baked. */
  severity: 'error' | 'warning';
  check(image: ImageUnderCheck): Problem[];
}

/** A problem at a JSON pointer of image.yaml. */
export function problemAt(image: ImageUnderCheck, pointer: string, message: string, suggestion?: string): Problem {
  return { message, where: image.document.locate(pointer), ...(suggestion === undefined ? {} : { suggestion }) };
}
