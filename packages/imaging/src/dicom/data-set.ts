/**
 * A DICOM data set: elements by keyword, their values interpreted when asked for. A missing or empty attribute is
 * `undefined`; a malformed one is an error that names file, keyword and value.
 */
import { fail } from '@llama-xr/core';
import { type Keyword, TAGS } from './tags.ts';

export interface Element {
  readonly tag: number;
  readonly vr: string;
  readonly value: Uint8Array;
  /** Of a sequence. */
  readonly items?: readonly DataSet[];
  /** Of encapsulated pixel data. */
  readonly fragments?: readonly Uint8Array[];
}

const latin1 = new TextDecoder('latin1');

export class DataSet {
  readonly #elements: ReadonlyMap<number, Element>;
  readonly #littleEndian: boolean;
  readonly #name: string;

  constructor(elements: ReadonlyMap<number, Element>, littleEndian: boolean, name: string) {
    this.#elements = elements;
    this.#littleEndian = littleEndian;
    this.#name = name;
  }

  element(keyword: Keyword): Element | undefined {
    return this.#elements.get(TAGS[keyword][0]);
  }

  items(keyword: Keyword): readonly DataSet[] {
    return this.element(keyword)?.items ?? [];
  }

  /** Text without padding. Read as Latin-1: the attributes asked for here are codes, numbers and identifiers. */
  text(keyword: Keyword): string | undefined {
    const element = this.element(keyword);
    if (element === undefined) return undefined;
    const text = latin1
      .decode(element.value)
      .replace(/[\0 ]+$/, '')
      .trimStart();
    return text === '' ? undefined : text;
  }

  /** The values of a text attribute, which backslashes part. */
  texts(keyword: Keyword): string[] {
    return (
      this.text(keyword)
        ?.split('\\')
        .map((part) => part.trim()) ?? []
    );
  }

  /** Numbers of a binary (US, SS ...) or textual (DS, IS) attribute. @throws FILE_FORMAT on what is no number. */
  numbers(keyword: Keyword): number[] {
    const element = this.element(keyword);
    if (element === undefined || element.value.length === 0) return [];
    const binary = this.#binaryNumbers(element);
    if (binary !== undefined) return binary;
    return this.texts(keyword).map((text) => {
      const value = Number(text);
      if (text === '' || !Number.isFinite(value))
        fail('FILE_FORMAT', `${this.#name}: ${keyword}: expected a number, got ${JSON.stringify(text)}`);
      return value;
    });
  }

  number(keyword: Keyword): number | undefined {
    return this.numbers(keyword)[0];
  }

  /** 16-bit words of a binary attribute, in the byte order of the file. */
  words(keyword: Keyword): Uint16Array {
    const value = this.element(keyword)?.value ?? new Uint8Array();
    const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
    return Uint16Array.from({ length: value.length >> 1 }, (_, i) =>
      view.getUint16(2 * i, this.#littleEndian),
    );
  }

  #binaryNumbers({ vr, value }: Element): number[] | undefined {
    const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
    const all = (size: number, get: (offset: number) => number) =>
      Array.from({ length: Math.floor(value.length / size) }, (_, i) => get(i * size));
    switch (vr) {
      case 'US':
      case 'OW':
        return all(2, (offset) => view.getUint16(offset, this.#littleEndian));
      case 'SS':
        return all(2, (offset) => view.getInt16(offset, this.#littleEndian));
      case 'UL':
        return all(4, (offset) => view.getUint32(offset, this.#littleEndian));
      case 'FD':
        return all(8, (offset) => view.getFloat64(offset, this.#littleEndian));
      default:
        return undefined;
    }
  }
}
