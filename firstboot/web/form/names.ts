/** How controls are named: JSON pointers from the section's own root, so that no property name can be taken for another. */

/** Hidden inputs that say which controls a page had: an unticked box is not posted at all. */
export const SHOWN = 'shown';
/** A checkbox: the kept value goes. */
export const CLEAR = 'clear';
export const FORM_TOKEN = 'token';
/** What the pressed button asks for: `save`, `add:POINTER`, `remove:POINTER`, `check:NAME`. */
export const ACT = 'act';

/** The members of the branch of a union have names of their own: two branches may have members of one name. */
export function branchName(name: string, branch: number): string {
  return `${name}|${branch}`;
}

/** An HTML id for a control; different for different names. */
export function idOf(name: string): string {
  return `f${name.replace(/[^A-Za-z0-9-]/g, (character) => `_${character.codePointAt(0)?.toString(16)}_`)}`;
}

/** The id of a parameter that a check asks for, and its name. */
export function parameterName(check: string, parameter: string): string {
  return `parameter:${check}:${parameter}`;
}
