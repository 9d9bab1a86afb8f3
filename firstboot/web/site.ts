/** What all routes share: the unit as it is, the visitor, and how a page is shown to them. */
import type { FastifyReply, FastifyRequest } from 'fastify';

import type { UnitStatus } from '../contract/helper.ts';
import { textIn } from '../contract/texts.ts';
import type { Helper } from './helper-client.ts';
import { originAt, parseHost } from './host.ts';
import {
  LANGUAGE_NAMES,
  LANGUAGES,
  type Language,
  languageOf,
  preferredLanguage,
  type TextKey,
  type Translate,
  translator,
} from './language.ts';
import { Progress } from './progress.ts';
import { createRender, type Page, type Render } from './render.ts';
import { cookieOf, formToken, type Sessions } from './session.ts';
import { Statuses } from './statuses.ts';

const LANGUAGE_COOKIE = '__Host-unit-language';

export interface SitePorts {
  helper: Helper;
  sessions: Sessions;
  /** Has `look/`. */
  lib: string;
  /** Where the page goes on during Apply; undefined where it stays. */
  laterPort: () => number | undefined;
  /** One line for the journal, without secrets. */
  log: (line: string) => void;
}

/** Who is asking, and in which language they are answered. */
export interface Visit {
  status: UnitStatus;
  language: Language;
  offered: readonly Language[];
  t: Translate;
  /** The session's token, where the visitor has it and the unit is claimed. */
  session: string | undefined;
}

/** What a page's template reads. */
export interface PageData {
  heading: string;
  [name: string]: unknown;
}

export interface ShowOptions {
  code?: number;
  /** The page that language links lead to; the first one where it is no page. */
  path?: string;
}

export class Site {
  readonly ports: SitePorts;
  readonly statuses: Statuses;
  readonly progress: Progress;
  readonly render: Render = createRender();

  constructor(ports: SitePorts) {
    this.ports = ports;
    this.statuses = new Statuses(ports.helper);
    this.progress = new Progress(ports.helper);
    this.progress.watch((change) => {
      if (change === 'all') this.statuses.forget();
    });
  }

  async visit(request: FastifyRequest): Promise<Visit> {
    const status = await this.statuses.get();
    const offered = status.look?.languages ?? LANGUAGES;
    const asked = languageOf(queryOf(request, 'lang'), offered);
    const chosen = asked ?? languageOf(cookieOf(request.headers.cookie, LANGUAGE_COOKIE), offered);
    const language = chosen ?? preferredLanguage(request.headers['accept-language'], offered);
    const session = status.claimed ? await this.ports.sessions.tokenOf(request.headers.cookie) : undefined;
    return { status, language, offered, t: translator(language), session };
  }

  /** Sends a page; `heading` and all that its template reads is in `data`. */
  show(request: FastifyRequest, reply: FastifyReply, visit: Visit, page: Page, data: PageData, options: ShowOptions = {}): unknown {
    const { status, language, offered, session } = visit;
    const { look } = status;
    if (queryOf(request, 'lang') === language)
      reply.header('set-cookie', `${LANGUAGE_COOKIE}=${language}; Path=/; Secure; HttpOnly; SameSite=Lax`);
    const [support, privacy] = [webAddress(look?.support), webAddress(look?.privacy)];
    const html = this.render(
      page,
      {
        language,
        languages: offered.length < 2 ? [] : offered.map((code) => languageLink(code, language, options.path ?? '/')),
        product: textIn(status.title, language),
        version: status.version,
        logo: look?.logo !== undefined,
        support,
        privacy,
        hasFooter: support !== undefined || privacy !== undefined,
        token: session === undefined ? undefined : formToken(session),
        ...data,
      },
      visit.t,
    );
    return reply
      .code(options.code ?? 200)
      .type('text/html; charset=utf-8')
      .send(html);
  }

  /** A page that says one thing. */
  say(request: FastifyRequest, reply: FastifyReply, visit: Visit, text: TextKey, code: number): unknown {
    return this.show(request, reply, visit, 'message', { heading: visit.t('error.heading'), text: visit.t(text), back: true }, { code });
  }

  /** Where the page goes on once Apply has begun; undefined where it does not move, or has moved already. */
  laterUrl(request: FastifyRequest): string | undefined {
    const port = this.ports.laterPort();
    const host = parseHost(request.headers.host);
    if (port === undefined || host === undefined || request.socket.localPort === port) return undefined;
    return `${originAt(host, port)}/progress`;
  }
}

/** A visit where the helper cannot say what this unit is. */
export function unknownVisit(request: FastifyRequest): Visit {
  const language = preferredLanguage(request.headers['accept-language'], LANGUAGES);
  const status: UnitStatus = {
    state: 'waiting',
    settled: false,
    image: '',
    version: '',
    title: { en: 'Unit' },
    claimed: false,
    hostName: '',
    addresses: [],
    fingerprint: '',
  };
  return { status, language, offered: [], t: translator(language), session: undefined };
}

/** A parameter of the URL's query where it is there once. */
export function queryOf(request: FastifyRequest, name: string): string | undefined {
  const value = (request.query as Record<string, unknown>)[name];
  return typeof value === 'string' ? value : undefined;
}

function languageLink(code: Language, current: Language, path: string): object {
  return { code, name: LANGUAGE_NAMES[code], current: code === current, href: `${path}?lang=${code}` };
}

/** Links of a definition lead to pages or mail; a URL can be a script. */
function webAddress(url: string | undefined): string | undefined {
  return url !== undefined && /^(https?|mailto):/i.test(url) ? url : undefined;
}
