/** An OVF descriptor as a tree with positions (DSP0243). */
import { DOMParser, type Element, ParseError } from '@xmldom/xmldom';

import type { Location } from '../kit/errors.ts';

export const OVF_NAMESPACE = 'http://schemas.dmtf.org/ovf/envelope/1';
const RASD_NAMESPACE = 'http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData';
const VSSD_NAMESPACE = 'http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData';
export const VMW_NAMESPACE = 'http://www.vmware.com/schema/ovf';

/** Numbers of CIM_ResourceAllocationSettingData.ResourceType. */
export const ResourceType = { cpu: 3, memory: 4, ide: 5, scsi: 6, nic: 10, floppy: 14, cd: 15, disk: 17, sata: 20, video: 24 } as const;

/** An Item of the VirtualHardwareSection. */
export interface HardwareItem {
  element: Element;
  type: number;
  instanceId: string;
  subType: string | undefined;
  parent: string | undefined;
  addressOnParent: string | undefined;
  hostResource: string | undefined;
  connection: string | undefined;
}

export interface Property {
  element: Element;
  /** As the guest sees it: `class.key.instance`. */
  key: string;
  bareKey: string;
  type: string;
  qualifiers: string;
  value: string;
  label: string | undefined;
  password: boolean;
  userConfigurable: boolean;
}

export class Ovf {
  readonly path: string;
  readonly root: Element;

  constructor(path: string, root: Element) {
    this.path = path;
    this.root = root;
  }

  /** Every element of this name, anywhere, in document order. */
  all(name: string, namespace = OVF_NAMESPACE): Element[] {
    return [...this.root.getElementsByTagNameNS(namespace, name)];
  }

  first(name: string): Element | undefined {
    return this.all(name)[0];
  }

  where(element: Element): Location {
    const { lineNumber, columnNumber } = element as Element & { lineNumber?: number; columnNumber?: number };
    return {
      file: this.path,
      ...(lineNumber === undefined ? {} : { line: lineNumber }),
      ...(columnNumber === undefined ? {} : { column: columnNumber }),
    };
  }

  files(): { element: Element; id: string; href: string; size: string | undefined }[] {
    return this.all('File').map((element) => ({
      element,
      id: attribute(element, 'id') ?? '',
      href: attribute(element, 'href') ?? '',
      size: attribute(element, 'size'),
    }));
  }

  disks(): { element: Element; id: string; fileRef: string | undefined }[] {
    return this.all('Disk').map((element) => ({ element, id: attribute(element, 'diskId') ?? '', fileRef: attribute(element, 'fileRef') }));
  }

  items(): HardwareItem[] {
    const rasd = (element: Element, name: string): string | undefined => childText(element, name, RASD_NAMESPACE);
    return this.all('Item').map((element) => ({
      element,
      type: Number(rasd(element, 'ResourceType')),
      instanceId: rasd(element, 'InstanceID') ?? '',
      subType: rasd(element, 'ResourceSubType'),
      parent: rasd(element, 'Parent'),
      addressOnParent: rasd(element, 'AddressOnParent'),
      hostResource: rasd(element, 'HostResource'),
      connection: rasd(element, 'Connection'),
    }));
  }

  properties(): Property[] {
    return this.all('Property').map((element) => {
      const section = element.parentNode as Element;
      const bareKey = attribute(element, 'key') ?? '';
      const key = [attribute(section, 'class'), bareKey, attribute(section, 'instance')].filter(
        (part) => part !== undefined && part !== '',
      );
      return {
        element,
        key: key.join('.'),
        bareKey,
        type: attribute(element, 'type') ?? '',
        qualifiers: attribute(element, 'qualifiers') ?? '',
        value: attribute(element, 'value') ?? '',
        label: childText(element, 'Label', OVF_NAMESPACE),
        password: attribute(element, 'password') === 'true',
        userConfigurable: attribute(element, 'userConfigurable') === 'true',
      };
    });
  }

  /** Such as `vmx-13` or `virtualbox-2.2`. */
  systemType(): { text: string; element: Element } | undefined {
    const element = this.all('VirtualSystemType', VSSD_NAMESPACE)[0];
    return element === undefined ? undefined : { text: (element.textContent ?? '').trim(), element };
  }

  /** Number of VMware's hardware version; undefined where the descriptor is for another hypervisor. */
  hardwareVersion(): number | undefined {
    const match = /^vmx-(\d+)$/.exec(this.systemType()?.text ?? '');
    return match === null ? undefined : Number(match[1]);
  }

  /** Values of `vmw:Config` or `vmw:ExtraConfig`, by key. */
  config(kind: 'Config' | 'ExtraConfig'): { element: Element; key: string; value: string; required: string | undefined }[] {
    return this.all(kind, VMW_NAMESPACE).map((element) => ({
      element,
      key: attribute(element, 'key', VMW_NAMESPACE) ?? '',
      value: attribute(element, 'value', VMW_NAMESPACE) ?? '',
      required: attribute(element, 'required'),
    }));
  }
}

export function attribute(element: Element, name: string, namespace = OVF_NAMESPACE): string | undefined {
  return element.getAttributeNS(namespace, name) ?? element.getAttribute(name) ?? undefined;
}

export function children(element: Element): Element[] {
  return [...element.childNodes].filter((node): node is Element => node.nodeType === 1);
}

function childText(element: Element, name: string, namespace: string): string | undefined {
  const child = children(element).find((candidate) => candidate.localName === name && candidate.namespaceURI === namespace);
  return child === undefined ? undefined : (child.textContent ?? '').trim();
}

/** What stands in the way of reading a descriptor. */
export interface XmlProblem {
  message: string;
  line?: number;
  column?: number;
}

/** The root element, or why there is none. No external entity is ever fetched. */
export function parseXml(text: string): { root: Element } | { problem: XmlProblem } {
  let problem: XmlProblem | undefined;
  const parser = new DOMParser({
    onError: (_level, message) => {
      problem ??= { message };
    },
  });
  try {
    const root = parser.parseFromString(text, 'text/xml').documentElement;
    if (root !== null && problem === undefined) return { root };
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    const { lineNumber, columnNumber } = (error.locator ?? {}) as { lineNumber?: number; columnNumber?: number };
    problem = {
      message: error.message,
      ...(lineNumber === undefined ? {} : { line: lineNumber }),
      ...(columnNumber === undefined ? {} : { column: columnNumber }),
    };
  }
  return { problem: problem ?? { message: 'there is no element' } };
}
