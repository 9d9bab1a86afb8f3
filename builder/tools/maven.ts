/** mvn(1), with the host's own settings: its mirrors, log-ins and proxies count. */
import { run } from '../kit/command.ts';
import type { Context } from '../kit/context.ts';

/** A plugin of Maven's own, which comes from the same repository as what it copies. */
const PLUGIN = { groupId: 'org.apache.maven.plugins', artifactId: 'maven-dependency-plugin', version: '3.6.1' };
/** What finds and configures Java, and is not among what every program gets. */
const JAVA = ['JAVA_HOME', 'JAVA_TOOL_OPTIONS', 'JDK_JAVA_OPTIONS'];

export interface MavenItem {
  groupId: string;
  artifactId: string;
  version: string;
  type: string;
  classifier?: string;
  /** Folder that gets the one file. */
  outputDirectory: string;
  destFileName: string;
}

/** A project that does nothing but copy `items`, without what they depend on. Pure. */
export function copyProject(items: readonly MavenItem[]): string {
  return [
    '<project xmlns="http://maven.apache.org/POM/4.0.0">',
    '<modelVersion>4.0.0</modelVersion><groupId>unitsmith</groupId><artifactId>fetch</artifactId><version>1</version><packaging>pom</packaging>',
    `<build><plugins><plugin>${elements(PLUGIN)}<configuration><artifactItems>`,
    ...items.map((item) => `<artifactItem>${elements(item)}</artifactItem>`),
    '</artifactItems></configuration></plugin></plugins></build>',
    '</project>\n',
  ].join('\n');
}

function elements(values: object): string {
  return Object.entries(values)
    .map(([name, value]) => `<${name}>${escaped(String(value))}</${name}>`)
    .join('');
}

function escaped(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;');
}

/**
 * `mvn` arguments that run such a project. `repository` takes the place of ~/.m2/repository, which stays as it is;
 * `--update-snapshots` also tries again what a run before did not find. Pure.
 */
export function copyArgs(project: string, repository: string): string[] {
  return [
    ...['--batch-mode', '--quiet', '--no-transfer-progress', '--update-snapshots', '--file', project],
    `-Dmaven.repo.local=${repository}`,
    `${PLUGIN.groupId}:${PLUGIN.artifactId}:${PLUGIN.version}:copy`,
  ];
}

/**
 * Its lines, errors among them, come on standard output and go to `onLine` alone: they may name mirrors with log-ins.
 * @throws ToolError where Maven or Java is missing, or a file cannot be had.
 */
export async function mavenCopy(ctx: Context, project: string, repository: string, onLine: (line: string) => void): Promise<void> {
  const java = JAVA.flatMap((name) => (ctx.env[name] === undefined ? [] : [[name, ctx.env[name]]]));
  const env = Object.fromEntries(java) as Record<string, string>;
  await run(ctx, 'mvn', copyArgs(project, repository), { quiet: true, env, onLine });
}
