/**
 * One report of IU X-ray in the XML that Open-i distributes: `<uId id="CXR7"/>`, labelled `<AbstractText>`s,
 * `<MeSH><major>` tags, `<parentImage id>`s. Entities that a file declares itself are refused, not expanded.
 */
import { fail } from '@llama-xr/core';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import type { SourceRecord } from '../record.ts';

const LISTS: ReadonlySet<string> = new Set(['AbstractText', 'major', 'automatic', 'parentImage']);

const PARSER = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  parseTagValue: false,
  parseAttributeValue: false,
  processEntities: false,
  trimValues: true,
  isArray: (name) => LISTS.has(name),
});

type Node = Record<string, unknown>;

/**
 * The record of one report file. Views have no projection here: the XML does not tell it.
 * @throws LlamaXrError FILE_FORMAT (no XML, not such a report), FILE_HOSTILE (declares entities).
 */
export function parseIuReport(xml: string, name: string): Omit<SourceRecord, 'split' | 'labels'> {
  if (/<!\s*(?:DOCTYPE|ENTITY)/i.test(xml)) {
    fail('FILE_HOSTILE', `${name}: expected a report, got a document type declaration`);
  }
  const valid = XMLValidator.validate(xml);
  if (valid !== true) fail('FILE_FORMAT', `${name}:${valid.err.line}: expected XML: ${valid.err.msg}`);
  const root = child(parseXml(xml, name), 'eCitation');
  if (root === undefined) fail('FILE_FORMAT', `${name}: expected an <eCitation>`);
  const uid = child(root, 'uId')?.['@id'];
  if (typeof uid !== 'string' || !/^CXR\d{1,9}$/.test(uid)) {
    fail('FILE_FORMAT', `${name}: expected <uId id="CXR...">, got ${JSON.stringify(uid ?? null)}`);
  }
  const sections = sectionsOf(root);
  return {
    id: uid,
    patient: uid,
    origin: name,
    findings: sections.get('FINDINGS') ?? '',
    impression: sections.get('IMPRESSION') ?? '',
    indication: sections.get('INDICATION') ?? '',
    comparison: sections.get('COMPARISON') ?? '',
    tags: list(child(root, 'MeSH')?.major)
      .map(textOf)
      .filter((tag) => tag !== ''),
    views: list(root.parentImage).flatMap((image) => {
      const id = (image as Node)['@id'];
      return typeof id === 'string' && id !== ''
        ? [{ id, projection: 'unknown' as const, files: [`${id}.png`, `${id}.jpg`, `${id}.dcm`] }]
        : [];
    }),
  };
}

/** The parser refuses some of what its validator lets pass, such as nesting without end. */
function parseXml(xml: string, name: string): Node {
  try {
    return PARSER.parse(xml) as Node;
  } catch (error) {
    fail('FILE_FORMAT', `${name}: expected XML: ${(error as Error).message}`, { cause: error });
  }
}

function sectionsOf(root: Node): Map<string, string> {
  const article = child(child(root, 'MedlineCitation') ?? {}, 'Article') ?? {};
  const sections = new Map<string, string>();
  for (const part of list(child(article, 'Abstract')?.AbstractText)) {
    const label = typeof part === 'object' && part !== null ? (part as Node)['@Label'] : undefined;
    if (typeof label === 'string') sections.set(label.toUpperCase(), textOf(part));
  }
  return sections;
}

function child(node: Node, name: string): Node | undefined {
  const value = node[name];
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Node) : undefined;
}

function list(value: unknown): unknown[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
}

/** Text of an element with or without attributes, its predefined and numeric references resolved. */
function textOf(value: unknown): string {
  const text = typeof value === 'object' && value !== null ? (value as Node)['#text'] : value;
  return typeof text === 'string' ? resolveReferences(text) : '';
}

const PREDEFINED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** XML 1.0, section 4.6 and 4.1: five names and character numbers; in one pass, so that `&amp;lt;` stays `&lt;`. */
function resolveReferences(text: string): string {
  return text.replace(
    /&(?:#(\d{1,7})|#x([\da-f]{1,6})|(\w+));/gi,
    (whole, decimal?: string, hex?: string, name?: string) => {
      if (name !== undefined) return PREDEFINED[name] ?? whole;
      const code = decimal !== undefined ? Number.parseInt(decimal, 10) : Number.parseInt(hex ?? '', 16);
      return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    },
  );
}
