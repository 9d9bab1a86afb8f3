/** What handlebars templates read: settings, secrets and the unit's own values, with positions. */
import Handlebars from 'handlebars';

/** One path in a template, such as `settings.product.admin.email`. */
export interface Reference {
  /** `settings`, `secrets`, `unit`, or what else the path begins with. */
  head: string;
  /** What follows the head, joined by dots. */
  path: string;
  line: number;
  /** 1-based. */
  column: number;
  /** Where `@root.` is needed to reach it: inside `#each` and `#with`. */
  unreachable: boolean;
}

export interface TemplateFault {
  message: string;
  line: number;
  column: number;
}

export interface TemplateReading {
  references: Reference[];
  fault: TemplateFault | undefined;
}

interface Scope {
  /** Inside `#each` or `#with`: bare names mean members of something else. */
  nested: boolean;
  /** Block parameters (`as |item|`). */
  names: readonly string[];
}

/** Parses a template and collects what it reads. A template that cannot be parsed has a fault and no references. */
export function readTemplate(text: string): TemplateReading {
  try {
    const references: Reference[] = [];
    visit(Handlebars.parseWithoutProcessing(text), { nested: false, names: [] }, references);
    return { references, fault: undefined };
  } catch (error) {
    return { references: [], fault: toFault(error as Error & { lineNumber?: number; column?: number }) };
  }
}

function toFault(error: Error & { lineNumber?: number; column?: number }): TemplateFault {
  // The parser gives syntax errors as text only: "Parse error on line 3:" and a picture.
  const line = error.lineNumber ?? Number(/on line (\d+)/.exec(error.message)?.[1] ?? 1);
  const lines = error.message.split('\n');
  return { message: (lines.length > 3 ? lines.at(-1) : lines[0]) ?? 'syntax error', line, column: (error.column ?? 0) + 1 };
}

class Unsupported extends Error {
  readonly lineNumber: number;
  readonly column: number;

  constructor(message: string, loc: hbs.AST.SourceLocation) {
    super(message);
    this.lineNumber = loc.start.line;
    this.column = loc.start.column;
  }
}

type AnyNode = hbs.AST.Node & Record<string, unknown>;

const OPAQUE = ['loc', 'strip', 'openStrip', 'closeStrip', 'inverseStrip', 'type', 'blockParams'];

function visit(node: unknown, scope: Scope, found: Reference[]): void {
  if (Array.isArray(node)) {
    for (const item of node) visit(item, scope, found);
    return;
  }
  if (typeof node !== 'object' || node === null) return;
  const current = node as AnyNode;
  if (current.type.startsWith('Partial')) throw new Unsupported('there are no partials ({{> name}}) here', current.loc);
  if (current.type === 'PathExpression') add(current as unknown as hbs.AST.PathExpression, scope, found);
  else if (current.type === 'BlockStatement') visitBlock(current as unknown as hbs.AST.BlockStatement, scope, found);
  else if (isCall(current)) visitCall(current as unknown as hbs.AST.MustacheStatement, scope, found);
  else for (const [name, member] of Object.entries(current)) if (!OPAQUE.includes(name)) visit(member, scope, found);
}

function isCall(node: AnyNode): boolean {
  return node.type === 'MustacheStatement' || node.type === 'SubExpression' || node.type === 'Decorator';
}

/** With parameters the first path names a helper; without, it is a value. */
function visitCall(call: hbs.AST.MustacheStatement, scope: Scope, found: Reference[]): void {
  const helper = call.params.length > 0 || call.hash !== undefined || (call as { type: string }).type === 'SubExpression';
  if (!helper) visit(call.path, scope, found);
  visit(call.params, scope, found);
  visit(call.hash, scope, found);
}

function visitBlock(block: hbs.AST.BlockStatement, scope: Scope, found: Reference[]): void {
  visit(block.params, scope, found);
  visit(block.hash, scope, found);
  const helper = (block.path as hbs.AST.PathExpression).original;
  const inner: Scope = {
    nested: scope.nested || helper === 'each' || helper === 'with',
    names: [...scope.names, ...(block.program?.blockParams ?? [])],
  };
  visit(block.program?.body, inner, found);
  visit(block.inverse?.body, scope, found);
}

function add(path: hbs.AST.PathExpression, scope: Scope, found: Reference[]): void {
  const parts = path.parts.map(String);
  const fromRoot = path.data && parts[0] === 'root';
  if (fromRoot) parts.shift();
  const [head, ...rest] = parts;
  if (head === undefined || (path.data && !fromRoot)) return;
  if (!fromRoot && (scope.names.includes(head) || path.depth > 0 || path.original.startsWith('this'))) return;
  const own = head === 'settings' || head === 'secrets' || head === 'unit';
  if (scope.nested && !fromRoot && !own) return;
  found.push({
    head,
    path: rest.join('.'),
    line: path.loc.start.line,
    column: path.loc.start.column + 1,
    unreachable: scope.nested && !fromRoot,
  });
}
