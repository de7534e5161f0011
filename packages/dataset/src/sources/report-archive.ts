/**
 * The XML reports of IU X-ray: a folder of them, or the archive they are distributed in (a gzipped tar), read entry by
 * entry in memory and never unpacked to disk. Nothing in an archive can make this write or follow a link.
 */
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { createGunzip } from 'node:zlib';
import { fail, fileError, LlamaXrError } from '@llama-xr/core';
import { extract } from 'tar-stream';
import { MAX_BYTES, readBounded, tooLarge } from './bounded.ts';

export interface ReportFile {
  /** `NLMCXR_reports.tgz/7.xml` or the path of the file. */
  readonly name: string;
  readonly text: string;
}

const MAX_ENTRIES = 500_000;
const MAX_TOTAL_BYTES = 4 * 2 ** 30;

/** The `.xml` files of a folder, in the order of their names. */
export async function* readReportFolder(folder: string): AsyncGenerator<ReportFile> {
  const names = (await readdir(folder)).filter((name) => name.toLowerCase().endsWith('.xml'));
  for (const name of names.sort(byNumber)) {
    const path = join(folder, name);
    yield { name: path, text: await readBounded(path, MAX_BYTES.xml) };
  }
}

/**
 * The `.xml` entries of a gzipped tar, in its order.
 * @throws LlamaXrError FILE_TRUNCATED, FILE_FORMAT (no gzip, no tar), FILE_HOSTILE (an entry that leaves its folder, a
 *   link, or more than any such archive holds).
 */
export async function* readReportArchive(path: string): AsyncGenerator<ReportFile> {
  const tar = extract();
  const file = createReadStream(path);
  const gunzip = createGunzip();
  // Errors of either stream end the walk over the entries; there they are named.
  file.on('error', (error) => gunzip.destroy(error));
  gunzip.on('error', (error) => tar.destroy(error));
  file.pipe(gunzip).pipe(tar);
  let entries = 0;
  let total = 0;
  try {
    for await (const entry of tar) {
      const { name, type, size } = entry.header;
      if (++entries > MAX_ENTRIES) tooLarge(path, MAX_ENTRIES, 'more entries than that');
      total += size;
      if (total > MAX_TOTAL_BYTES) tooLarge(path, MAX_TOTAL_BYTES, 'more when unpacked');
      refuseEscape(path, name, type);
      if (type === 'file' && name.toLowerCase().endsWith('.xml')) {
        if (size > MAX_BYTES.xml) tooLarge(`${path}/${name}`, MAX_BYTES.xml, size);
        yield { name: `${basename(path)}/${basename(name)}`, text: await textOf(entry) };
      } else {
        entry.resume();
      }
    }
  } catch (error) {
    throw archiveError(error, path);
  } finally {
    file.destroy();
    gunzip.destroy();
  }
}

/** Nothing is unpacked, yet an archive that tries to leave its folder is not what it says it is. */
function refuseEscape(path: string, name: string, type: string): void {
  const escapes = name.startsWith('/') || /^[A-Za-z]:/.test(name) || name.split(/[/\\]/).includes('..');
  if (escapes)
    fail('FILE_HOSTILE', `${path}: an entry leaves its folder: ${JSON.stringify(name.slice(0, 100))}`);
  if (type === 'symlink' || type === 'link') {
    fail('FILE_HOSTILE', `${path}: expected files, got a link: ${JSON.stringify(name.slice(0, 100))}`);
  }
}

async function textOf(entry: AsyncIterable<unknown>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of entry) parts.push(part as Uint8Array);
  return Buffer.concat(parts).toString('utf8');
}

function archiveError(error: unknown, path: string): LlamaXrError {
  if (error instanceof LlamaXrError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'Z_BUF_ERROR' || /unexpected end/i.test(message)) {
    return new LlamaXrError('FILE_TRUNCATED', `${path}: the archive ends early`, { cause: error });
  }
  if (code?.startsWith('Z_') || /tar header|invalid/i.test(message)) {
    return new LlamaXrError('FILE_FORMAT', `${path}: expected a gzipped tar: ${message}`, { cause: error });
  }
  return fileError(error, path);
}

/** `7.xml` before `10.xml`. */
function byNumber(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}
