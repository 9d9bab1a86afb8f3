import type { ContainerImage } from '../containers.ts';
import type { Rule } from '../rule.ts';

/** Names of variables whose values are nobody's to know; what ends otherwise (`_FILE`) only says where one is. */
const SECRET = /(^|_)(PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|CREDENTIALS?|PRIVATE_?KEY|API_?KEY|ACCESS_?KEY|SECRET_?KEY)$/i;
const PROXY = /^(https?|ftp|all)_proxy$/i;
/** A word that sets a variable to something that no shell fills in. */
const ASSIGNMENT = /^["']?([A-Za-z_][A-Za-z0-9_]*)=["']?([^"'$\s].*)$/;

/** What everybody sees by `docker inspect` and `docker history` (OCI image-spec, config.md); what is inside, the other rules look at. */
export const containerImages: Rule = {
  name: 'container-images',
  title: 'Container images can be read, and their settings hold no secret and no proxy',
  remedy: 'Give secrets and proxies to the container on the unit, by a step; make its image without them.',
  check: ({ containers: { images, unread } }) => [
    ...unread.map(({ path, why }) => ({ path, message: `is a container image that cannot be read: ${why}` })),
    ...images.flatMap((image) => [...new Set(wordsOf(image).flatMap(judge))].map((message) => ({ path: image.path, message }))),
  ],
};

/** Variables, and the words of the commands that made the image. */
function wordsOf({ configuration: { config, history } }: ContainerImage): string[] {
  return [...(config?.Env ?? []), ...(history ?? []).flatMap(({ created_by = '' }) => created_by.split(/\s+/))];
}

/** The value is not told: reports are published. */
function judge(word: string): string[] {
  const name = ASSIGNMENT.exec(word)?.[1];
  if (name === undefined) return [];
  if (SECRET.test(name)) return [`sets ${name}: every unit would have the same`];
  return PROXY.test(name) ? [`has the build host's proxy (${name})`] : [];
}
