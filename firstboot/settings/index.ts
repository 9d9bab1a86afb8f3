/** What the rest of first boot and the builder take from the settings. */
export { ANNOTATIONS, MAX_OVF_PROPERTIES, type SettingSchema } from './annotations.ts';
export { type Answers, answersSchema, type Settings } from './answers.ts';
export { applyDefaults } from './defaults.ts';
export { fixedViolations, withFixed } from './fixed.ts';
export { type Layer, layerAt, type Merged, mergeAnswers, SOURCE_ORDER, type SourceName } from './merge.ts';
export { pointerOf, setAt, settingAt } from './pointer.ts';
export { rolesOf, schemaForAnswers, withRoles } from './roles.ts';
export { answersTemplate } from './template.ts';
export { isIncomplete, validateAnswers, validateBy } from './validate.ts';
export { ANSWERS_VERSION } from './version.ts';
export { ANSWERS_KEY, OVF_PREFIX, type OvfProperty, ovfProperties, type Setting, secretPaths, settingsOf } from './walk.ts';
export type { Violation } from './words.ts';
