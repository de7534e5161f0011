/**
 * Kaggle's form of IU X-ray: indiana_reports.csv (a study a row) and indiana_projections.csv (an image a row, with its
 * projection, which the original XML lacks).
 */
import { dirname, join } from 'node:path';
import { fail, type Mistakes } from '@llama-xr/core';
import { parse } from 'csv-parse/sync';
import type { Source, SourceRecord, SourceView } from '../record.ts';
import type { Projection } from '../study.ts';
import { isFolder, MAX_BYTES, readBounded } from './bounded.ts';

const REPORTS_CSV = 'indiana_reports.csv';
export const PROJECTIONS_CSV = 'indiana_projections.csv';

interface Row {
  readonly line: number;
  readonly values: Readonly<Record<string, string>>;
}

/** Rows of a CSV by column name. @throws LlamaXrError FILE_FORMAT: missing columns (all of them), a broken row. */
export async function readCsv(path: string, columns: readonly string[]): Promise<Row[]> {
  const text = await readBounded(path, MAX_BYTES.csv);
  try {
    const rows = parse<{ record: Record<string, string>; info: { lines: number } }>(text, {
      bom: true,
      columns: (header: string[]) => {
        const missing = columns.filter((column) => !header.includes(column));
        if (missing.length > 0) fail('FILE_FORMAT', `${path}:1: expected the columns ${missing.join(', ')}`);
        return header;
      },
      info: true,
      skip_empty_lines: true,
      max_record_size: 2 ** 20,
    });
    return rows.map(({ record, info }) => ({ line: info.lines, values: record }));
  } catch (error) {
    if ((error as { code?: string }).code?.startsWith('CSV_')) {
      fail('FILE_FORMAT', `${path}: expected CSV: ${(error as Error).message}`, { cause: error });
    }
    throw error;
  }
}

/** Views by study number. */
export async function readProjections(path: string, mistakes: Mistakes): Promise<Map<string, SourceView[]>> {
  const views = new Map<string, SourceView[]>();
  for (const { line, values } of await readCsv(path, ['uid', 'filename', 'projection'])) {
    const { uid = '', filename = '', projection = '' } = values;
    const known: Projection | undefined = (['frontal', 'lateral'] as const).find(
      (p) => p === projection.toLowerCase(),
    );
    if (known === undefined) {
      mistakes.add(
        `${path}:${line}: projection: expected Frontal or Lateral, got ${JSON.stringify(projection)}`,
      );
      continue;
    }
    // `7_IM-2263-1001.dcm.png` is the image that the original collection calls CXR7_IM-2263-1001.
    const id = `CXR${filename.replace(/\.(?:dcm\.)?\w+$/, '')}`;
    const view = { id, projection: known, files: [filename, `${id}.png`, `${id}.dcm`] };
    views.set(uid, [...(views.get(uid) ?? []), view]);
  }
  return views;
}

export async function readKaggle(path: string, mistakes: Mistakes): Promise<Source> {
  const folder = (await isFolder(path)) ? path : dirname(path);
  const reportsPath = folder === path ? join(folder, REPORTS_CSV) : path;
  const projectionsPath = join(folder, PROJECTIONS_CSV);
  const views = await readProjections(projectionsPath, mistakes);
  const rows = await readCsv(reportsPath, [
    'uid',
    'MeSH',
    'indication',
    'comparison',
    'findings',
    'impression',
  ]);
  const records: SourceRecord[] = [];
  for (const { line, values } of rows) {
    const uid = values.uid ?? '';
    if (!/^\d{1,9}$/.test(uid)) {
      mistakes.add(`${reportsPath}:${line}: uid: expected a number, got ${JSON.stringify(uid)}`);
      continue;
    }
    records.push(recordOf(uid, `${REPORTS_CSV}:${line}`, values, views.get(uid) ?? []));
  }
  return {
    records,
    files: [reportsPath, projectionsPath],
    licence: 'IU X-ray (Open-i), CC BY-NC-ND 4.0',
    notices: [],
  };
}

function recordOf(uid: string, origin: string, values: Row['values'], views: SourceView[]): SourceRecord {
  return {
    id: `CXR${uid}`,
    patient: `CXR${uid}`,
    origin,
    findings: (values.findings ?? '').trim(),
    impression: (values.impression ?? '').trim(),
    indication: (values.indication ?? '').trim(),
    comparison: (values.comparison ?? '').trim(),
    tags: (values.MeSH ?? '')
      .split(';')
      .map((tag) => tag.trim())
      .filter((tag) => tag !== ''),
    views,
  };
}
