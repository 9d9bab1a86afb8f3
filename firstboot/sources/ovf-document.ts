/** The OVF environment document (DSP0243 1.1.1, section 11 and annex D): what a hypervisor tells a guest at power-on. */
import { DOMParser, type Element, ParseError } from '@xmldom/xmldom';

import { ExitCode, UnitError } from '../kit/errors.ts';

const NAMESPACE = 'http://schemas.dmtf.org/ovf/environment/1';

/** VMware lets a machine have no more than this in all of guestinfo; twelve properties of full length fit. */
export const MAX_DOCUMENT_BYTES = 1024 * 1024;

/**
 * The properties of this very machine, by key: an Entity inside the document is another machine of the same vApp.
 * @throws UnitError where it is no such document; a document type declaration is refused whatever it says, so that there
 * are no entities but those of XML itself
 */
export function parseOvfEnvironment(text: string): ReadonlyMap<string, string> {
  if (Buffer.byteLength(text) > MAX_DOCUMENT_BYTES) throw refusal(`it is larger than ${MAX_DOCUMENT_BYTES} bytes`);
  const root = parseXml(text);
  if (root.localName !== 'Environment' || root.namespaceURI !== NAMESPACE) throw refusal(`its root is not an Environment of ${NAMESPACE}`);
  const properties = below(root, 'PropertySection').flatMap((section) => below(section, 'Property'));
  return new Map(
    properties.flatMap((property) => {
      const key = attribute(property, 'key');
      return key === undefined ? [] : [[key, attribute(property, 'value') ?? '']];
    }),
  );
}

function parseXml(text: string): Element {
  let malformed = false;
  const parser = new DOMParser({
    // As XML 1.0 has it (2.11). The library's own way is that of XML 1.1, which takes U+2028 and U+0085 for line ends too.
    normalizeLineEndings: (source) => source.replaceAll(/\r\n?/g, '\n'),
    // All but one: U+FFFD is a character like others.
    onError: (_level, message) => {
      if (!message.startsWith('Unicode replacement character')) malformed = true;
    },
  });
  try {
    const document = parser.parseFromString(text, 'text/xml');
    if (document.doctype !== null) throw refusal('it has a document type declaration, which is refused');
    // Messages of the parser may hold a piece of the document, which may be a password.
    if (!malformed && document.documentElement !== null) return document.documentElement;
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
  }
  throw refusal('it is not well-formed XML');
}

function below(element: Element, name: string): Element[] {
  return [...element.childNodes].filter(
    (node): node is Element => node.nodeType === 1 && (node as Element).localName === name && (node as Element).namespaceURI === NAMESPACE,
  );
}

function attribute(element: Element, name: string): string | undefined {
  return element.getAttributeNS(NAMESPACE, name) ?? element.getAttribute(name) ?? undefined;
}

function refusal(message: string): UnitError {
  return new UnitError(message, { exitCode: ExitCode.answers });
}
