/** What the rest of first boot and the builder take from the settings. */
export { ANNOTATIONS, MAX_OVF_PROPERTIES, type SettingSchema } from './annotations.ts';
export { ANSWERS_VERSION, type Answers, answersSchema, type Settings } from './answers.ts';
export { applyDefaults } from './defaults.ts';
export { setAt, settingAt } from './pointer.ts';
export { validateAnswers, validateBy } from './validate.ts';
export { type OvfProperty, ovfProperties, type Setting, secretPaths, settingsOf } from './walk.ts';
export type { Violation } from './words.ts';
