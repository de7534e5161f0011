/**
 * DICOM data elements (PS3.5 section 7) from bytes: explicit and implicit VR, both byte orders, sequences and
 * encapsulated fragments. Every declared length is checked against the bytes that are there before it is used, and
 * depth and number of elements are bounded, so that a hostile file costs no more than its own size.
 * Not a validator: values are interpreted only when they are asked for.
 */
import { fail } from '@llama-xr/core';
import { DataSet, type Element } from './data-set.ts';
import { representationOf, TAGS, tagName } from './tags.ts';

const ITEM = 0xfffee000;
const ITEM_END = 0xfffee00d;
const SEQUENCE_END = 0xfffee0dd;
const UNDEFINED_LENGTH = 0xffffffff;

/** VRs whose explicit form has two reserved bytes and a 32-bit length (PS3.5 table 7.1-1). */
const LONG_FORM = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'SV', 'UC', 'UN', 'UR', 'UT', 'UV']);
const MAX_DEPTH = 16;
const MAX_ELEMENTS = 250_000;

export interface Encoding {
  readonly explicit: boolean;
  readonly littleEndian: boolean;
}

interface Header {
  readonly tag: number;
  readonly vr: string;
  readonly length: number;
}

/** Reads elements of one file; `name` stands at the head of every error. */
export class ElementReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #name: string;
  #offset: number;
  #count = 0;

  constructor(bytes: Uint8Array, name: string, offset = 0) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#name = name;
    this.#offset = offset;
  }

  get offset(): number {
    return this.#offset;
  }

  /** Whether the next element names its VR. */
  showsRepresentation(): boolean {
    const letters = this.#bytes.subarray(this.#offset + 4, this.#offset + 6);
    return letters.every((byte) => byte >= 0x41 && byte <= 0x5a);
  }

  /**
   * Reads elements up to the end of the bytes, the end of pixel data, or the first tag for which `until` is true
   * (which stays unread).
   */
  readDataSet(encoding: Encoding, until: (tag: number) => boolean = () => false): DataSet {
    return this.#readElements(encoding, this.#bytes.length, 0, until);
  }

  #readElements(encoding: Encoding, end: number, depth: number, until: (tag: number) => boolean): DataSet {
    if (depth > MAX_DEPTH)
      fail('FILE_HOSTILE', `${this.#name}: sequences nest deeper than ${MAX_DEPTH} levels`);
    const elements = new Map<number, Element>();
    while (this.#offset < end) {
      const tag = this.#peekTag(encoding, end);
      if (tag === ITEM_END && depth > 0) {
        this.#offset += 8;
        break;
      }
      if (until(tag)) break;
      if (++this.#count > MAX_ELEMENTS)
        fail('FILE_HOSTILE', `${this.#name}: more than ${MAX_ELEMENTS} data elements`);
      elements.set(tag, this.#readElement(encoding, end, depth));
      if (tag === TAGS.PixelData[0] && depth === 0) break;
    }
    return new DataSet(elements, encoding.littleEndian, this.#name);
  }

  #readElement(encoding: Encoding, end: number, depth: number): Element {
    const { tag, vr, length } = this.#readHeader(encoding, end);
    if (vr === 'SQ' || (length === UNDEFINED_LENGTH && tag !== TAGS.PixelData[0])) {
      // UN of undefined length holds implicit little endian whatever surrounds it (PS3.5 section 6.2.2, note 7).
      const inner = vr === 'UN' ? { explicit: false, littleEndian: true } : encoding;
      return {
        tag,
        vr: 'SQ',
        value: new Uint8Array(),
        items: this.#readItems(inner, tag, length, end, depth),
      };
    }
    if (length === UNDEFINED_LENGTH) {
      return { tag, vr, value: new Uint8Array(), fragments: this.#readFragments(end) };
    }
    return { tag, vr, value: this.#take(length, end, tag) };
  }

  #readHeader({ explicit, littleEndian }: Encoding, end: number): Header {
    const tag = this.#peekTag({ explicit, littleEndian }, end);
    const start = this.#offset;
    if (!explicit) {
      this.#offset = start + 8;
      return { tag, vr: representationOf(tag), length: this.#view.getUint32(start + 4, littleEndian) };
    }
    const vr = String.fromCharCode(this.#bytes[start + 4] ?? 0, this.#bytes[start + 5] ?? 0);
    if (!/^[A-Z]{2}$/.test(vr))
      fail(
        'FILE_FORMAT',
        `${this.#name}: element ${tagName(tag)}: expected a VR of two letters, got ${JSON.stringify(vr)}`,
      );
    if (!LONG_FORM.has(vr)) {
      this.#offset = start + 8;
      return { tag, vr, length: this.#view.getUint16(start + 6, littleEndian) };
    }
    this.#need(12, end, `the length of ${tagName(tag)}`);
    this.#offset = start + 12;
    return { tag, vr, length: this.#view.getUint32(start + 8, littleEndian) };
  }

  #readItems(encoding: Encoding, parent: number, length: number, end: number, depth: number): DataSet[] {
    if (length !== UNDEFINED_LENGTH) this.#need(length, end, `sequence ${tagName(parent)}`);
    const stop = length === UNDEFINED_LENGTH ? end : this.#offset + length;
    const items: DataSet[] = [];
    while (this.#offset < stop) {
      const { tag, length: itemLength } = this.#readHeader({ ...encoding, explicit: false }, stop);
      if (tag === SEQUENCE_END) return items;
      if (tag !== ITEM)
        fail(
          'FILE_FORMAT',
          `${this.#name}: sequence ${tagName(parent)}: expected an item, got ${tagName(tag)}`,
        );
      if (itemLength !== UNDEFINED_LENGTH) this.#need(itemLength, stop, `an item of ${tagName(parent)}`);
      const itemEnd = itemLength === UNDEFINED_LENGTH ? stop : this.#offset + itemLength;
      items.push(this.#readElements(encoding, itemEnd, depth + 1, () => false));
    }
    return items;
  }

  /** Fragments of encapsulated pixel data, without the leading offset table (PS3.5 annex A.4). */
  #readFragments(end: number): Uint8Array[] {
    const fragments: Uint8Array[] = [];
    while (this.#offset < end) {
      const { tag, length } = this.#readHeader({ explicit: false, littleEndian: true }, end);
      if (tag === SEQUENCE_END) break;
      if (tag !== ITEM)
        fail('FILE_FORMAT', `${this.#name}: pixel data: expected a fragment, got ${tagName(tag)}`);
      if (++this.#count > MAX_ELEMENTS)
        fail('FILE_HOSTILE', `${this.#name}: more than ${MAX_ELEMENTS} fragments of pixel data`);
      fragments.push(this.#take(length, end, TAGS.PixelData[0]));
    }
    return fragments.slice(1);
  }

  #peekTag({ littleEndian }: Encoding, end: number): number {
    this.#need(8, end, 'the header of an element');
    const group = this.#view.getUint16(this.#offset, littleEndian);
    const element = this.#view.getUint16(this.#offset + 2, littleEndian);
    return group * 0x10000 + element;
  }

  #take(length: number, end: number, tag: number): Uint8Array {
    this.#need(length, end, `element ${tagName(tag)}`);
    const value = this.#bytes.subarray(this.#offset, this.#offset + length);
    this.#offset += length;
    return value;
  }

  #need(length: number, end: number, what: string): void {
    const left = end - this.#offset;
    if (length > left)
      fail(
        'FILE_TRUNCATED',
        `${this.#name}: ${what} takes ${length} bytes, ${left} are left at ${this.#offset}`,
      );
  }
}
