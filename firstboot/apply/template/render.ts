/**
 * Templates: handlebars, where `{{x}}` inserts a literal of the file's format and `{{{x}}}` the bare text, for use inside
 * a literal that the template itself writes. A name without a value is an error, never an empty string.
 */
import Handlebars from 'handlebars';

import type { TemplateFormat } from '../../contract/step.ts';
import { ExitCode, UnitError } from '../../kit/errors.ts';
import { QUOTES, type Quote, Unquotable } from './quote.ts';

/** What templates read. */
export interface RenderContext {
  settings: object;
  secrets: Readonly<Record<string, string>>;
  unit: object;
}

type Ast = ReturnType<typeof Handlebars.parse>;
type Mustache = hbs.AST.MustacheStatement;

/** Renders `text`; `name` is what messages call it. @throws UnitError with the place of what is wrong */
export function renderTemplate(text: string, format: TemplateFormat, context: RenderContext, name: string): string {
  const handlebars = Handlebars.create();
  registerHelpers(handlebars, QUOTES[format]);
  try {
    const ast = parse(text);
    new Quoting(text).accept(ast);
    return handlebars.compile(ast, { noEscape: true, knownHelpersOnly: false })(context, {
      allowProtoPropertiesByDefault: false,
      allowProtoMethodsByDefault: false,
    });
  } catch (error) {
    throw new UnitError(`${name}: ${error instanceof Error ? firstLine(error.message) : String(error)}`, {
      exitCode: ExitCode.step,
      cause: error,
    });
  }
}

/** Top-level names and their members that a template reads, as dotted paths: `settings.product.title`, `secrets.database`. */
export function templateReads(text: string): string[] {
  const finder = new PathFinder();
  finder.accept(parse(text));
  return [...finder.paths].sort();
}

function parse(text: string): Ast {
  return Handlebars.parse(text);
}

function firstLine(message: string): string {
  return message.split('\n').slice(0, 2).join(' ');
}

/**
 * Turns `{{x}}` into a call of `$quote` and `{{{x}}}` into one of `$plain`: handlebars' own escaping knows HTML only, and
 * is one for the whole process.
 */
class Quoting extends Handlebars.Visitor {
  readonly #lines: string[];

  constructor(source: string) {
    super();
    this.#lines = source.split('\n');
  }

  override MustacheStatement(mustache: Mustache): void {
    const value = mustache.params.length > 0 || mustache.hash !== undefined ? subExpression(mustache) : mustache.path;
    const helper = mustache.escaped ? '$quote' : '$plain';
    const { line, column } = mustache.loc.start;
    const before = this.#lineUpTo(line, column);
    const literals = [before, `line ${line}: ${describePath(mustache.path)}`].map((text) => stringLiteral(text, mustache.loc));
    Object.assign(mustache, {
      path: { type: 'PathExpression', data: false, depth: 0, parts: [helper], original: helper, loc: mustache.loc },
      params: [value, ...literals],
      hash: undefined,
      escaped: false,
    });
  }

  /** The text before a place on its line, with the lines that a backslash joins to it. */
  #lineUpTo(line: number, column: number): string {
    let text = (this.#lines[line - 1] ?? '').slice(0, column);
    for (let above = line - 2; above >= 0 && (this.#lines[above] ?? '').endsWith('\\'); above -= 1) text = `${this.#lines[above]}${text}`;
    return text;
  }
}

class PathFinder extends Handlebars.Visitor {
  readonly paths = new Set<string>();

  override PathExpression(path: hbs.AST.PathExpression): void {
    if (path.data || path.parts.length < 2) return;
    this.paths.add(path.parts.join('.'));
  }
}

function subExpression(mustache: Mustache): object {
  return { type: 'SubExpression', path: mustache.path, params: mustache.params, hash: mustache.hash, loc: mustache.loc };
}

function stringLiteral(value: string, loc: hbs.AST.SourceLocation): object {
  return { type: 'StringLiteral', value, original: value, loc };
}

function describePath(path: Mustache['path']): string {
  return 'original' in path ? String(path.original) : 'expression';
}

/** Helpers that every template has. `$quote` and `$plain` are called by rewritten mustaches only. */
function registerHelpers(handlebars: typeof Handlebars, quote: Quote): void {
  const insert =
    (write: Quote) =>
    (value: unknown, before: string, place: string): string => {
      try {
        return write(value, before);
      } catch (error) {
        if (error instanceof Unquotable || error instanceof RangeError) throw new Error(`${place}: ${error.message}`);
        throw error;
      }
    };
  handlebars.registerHelper({
    $quote: insert(quote),
    $plain: insert(QUOTES.text),
    concat: (...parts: unknown[]) => parts.slice(0, -1).map(part).join(''),
    join: (items: unknown, separator: string) => (Array.isArray(items) ? items.map(part).join(separator) : part(items)),
    urlencode: (value: unknown) =>
      encodeURIComponent(part(value)).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`),
    json: (value: unknown) => JSON.stringify(value),
    default: (value: unknown, otherwise: unknown) => value ?? otherwise,
    eq: (a: unknown, b: unknown) => a === b,
    not: (value: unknown) => !value,
    and: (...values: unknown[]) => values.slice(0, -1).every(Boolean),
    or: (...values: unknown[]) => values.slice(0, -1).some(Boolean),
  });
}

/** Helpers must not turn a missing value into the word "undefined". */
function part(value: unknown): string {
  return QUOTES.text(value, '');
}
