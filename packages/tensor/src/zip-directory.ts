/**
 * The table of contents of a zip file (PKWARE APPNOTE 6.3, sections 4.3.7 to 4.3.16), zip64 included, as far as
 * torch.save uses it: entries stored without compression, found by name and read by position.
 */
import { fail } from '@llama-xr/core';
import type { FileBytes } from './file-bytes.ts';

export interface ZipEntry {
  /** Of the entry's data, from the start of the file. */
  readonly offset: number;
  readonly byteLength: number;
}

interface Directory {
  readonly offset: number;
  readonly byteLength: number;
  readonly entries: number;
}

const END_BYTES = 22;
const MAX_COMMENT_BYTES = 0xffff;
const MAX_DIRECTORY_BYTES = 2 ** 26;
const MAX_32 = 0xffffffff;

/** @throws LlamaXrError FILE_TRUNCATED, FILE_FORMAT; FILE_UNSUPPORTED for compressed or encrypted entries. */
export function readZipDirectory(file: FileBytes): Map<string, ZipEntry> {
  const directory = findDirectory(file);
  if (directory.byteLength > MAX_DIRECTORY_BYTES) {
    fail('FILE_HOSTILE', `${file.path}: expected a directory of at most ${MAX_DIRECTORY_BYTES} bytes`);
  }
  const bytes = Buffer.from(file.read(directory.offset, directory.byteLength, 'zip directory').buffer);
  const entries = new Map<string, ZipEntry>();
  for (let at = 0, i = 0; i < directory.entries; i++) {
    const record = readRecord(file, bytes, at);
    if (entries.has(record.name)) fail('FILE_FORMAT', `${file.path}: ${record.name} stands there twice`);
    entries.set(record.name, locate(file, record));
    at = record.next;
  }
  return entries;
}

function findDirectory(file: FileBytes): Directory {
  const length = Math.min(file.size, END_BYTES + MAX_COMMENT_BYTES);
  const start = file.size - length;
  const tail = Buffer.from(file.read(start, length, 'end of the zip file').buffer);
  const at = tail.lastIndexOf('PK\x05\x06');
  if (at < 0 || at + END_BYTES > tail.length) {
    fail(
      'FILE_TRUNCATED',
      `${file.path}: expected a zip file, but its table of contents is missing at the end`,
    );
  }
  const end = {
    entries: tail.readUInt16LE(at + 10),
    byteLength: tail.readUInt32LE(at + 12),
    offset: tail.readUInt32LE(at + 16),
  };
  const isZip64 = end.entries === 0xffff || end.byteLength === MAX_32 || end.offset === MAX_32;
  if (!isZip64) return end;
  const locator = at - 20;
  if (locator < 0 || tail.readUInt32LE(locator) !== 0x07064b50) return end;
  const record = Buffer.from(file.read(uint64(tail, locator + 8, file), 56, 'zip64 end').buffer);
  if (record.readUInt32LE(0) !== 0x06064b50) fail('FILE_FORMAT', `${file.path}: expected a zip64 end record`);
  return {
    entries: uint64(record, 32, file),
    byteLength: uint64(record, 40, file),
    offset: uint64(record, 48, file),
  };
}

interface Record extends ZipEntry {
  readonly name: string;
  /** Where the next record begins. */
  readonly next: number;
}

/** One record of the directory; `offset` is that of the entry's own header. */
function readRecord(file: FileBytes, bytes: Buffer, at: number): Record {
  if (at + 46 > bytes.length || bytes.readUInt32LE(at) !== 0x02014b50) {
    fail('FILE_FORMAT', `${file.path}: expected a record of the zip directory at ${at}`);
  }
  const nameEnd = at + 46 + bytes.readUInt16LE(at + 28);
  const extraEnd = nameEnd + bytes.readUInt16LE(at + 30);
  const next = extraEnd + bytes.readUInt16LE(at + 32);
  if (next > bytes.length) fail('FILE_TRUNCATED', `${file.path}: the zip directory ends inside a record`);
  const name = bytes.toString('utf8', at + 46, nameEnd);
  const isEncrypted = (bytes.readUInt16LE(at + 8) & 1) === 1;
  if (isEncrypted || bytes.readUInt16LE(at + 10) !== 0) {
    fail(
      'FILE_UNSUPPORTED',
      `${file.path}: ${name}: expected an entry stored plainly, got a compressed or encrypted one`,
    );
  }
  const sizes = [24, 42].map((field) => bytes.readUInt32LE(at + field)) as [number, number];
  const wide = sizes.includes(MAX_32)
    ? readZip64Extra(file, bytes.subarray(nameEnd, extraEnd), bytes.readUInt32LE(at + 20), sizes)
    : sizes;
  return { name, byteLength: wide[0], offset: wide[1], next };
}

/** The 64-bit values of those of [size, compressed size, offset] that are marked as too large, in this order. */
function readZip64Extra(
  file: FileBytes,
  extra: Buffer,
  compressed: number,
  [size, offset]: readonly [number, number],
): [number, number] {
  for (let at = 0; at + 4 <= extra.length; ) {
    const end = at + 4 + extra.readUInt16LE(at + 2);
    if (extra.readUInt16LE(at) === 1 && end <= extra.length) {
      const values = extra.subarray(at + 4, end);
      const after = (size === MAX_32 ? 8 : 0) + (compressed === MAX_32 ? 8 : 0);
      const needed = after + (offset === MAX_32 ? 8 : 0);
      if (values.length < needed) break;
      return [
        size === MAX_32 ? uint64(values, 0, file) : size,
        offset === MAX_32 ? uint64(values, after, file) : offset,
      ];
    }
    at = end;
  }
  fail('FILE_FORMAT', `${file.path}: expected zip64 sizes in the zip directory`);
}

/** An entry's own header repeats its name and may have another padding: the data begin after both. */
function locate(file: FileBytes, { name, offset, byteLength }: Record): ZipEntry {
  const header = Buffer.from(file.read(offset, 30, `header of ${name}`).buffer);
  if (header.readUInt32LE(0) !== 0x04034b50)
    fail('FILE_FORMAT', `${file.path}: expected the entry ${name} at ${offset}`);
  const data = offset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
  file.check(data, byteLength, name);
  return { offset: data, byteLength };
}

function uint64(bytes: Buffer, at: number, file: FileBytes): number {
  const n = Number(bytes.readBigUInt64LE(at));
  if (n > file.size)
    fail('FILE_HOSTILE', `${file.path}: zip: expected at most the file's ${file.size} bytes, got ${n}`);
  return n;
}
