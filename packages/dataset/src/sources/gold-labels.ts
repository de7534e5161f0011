/**
 * NIH's gold labels of the Open-i collection: openi_gld_std14.csv, a study a row, 14 findings and `normal` as 0 or 1,
 * checked by experts.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Mistakes } from '@llama-xr/core';
import { NIH_LABELS, type NihLabel } from '@llama-xr/reports';
import type { SourceRecord } from '../record.ts';
import { readCsv } from './kaggle.ts';

const GOLD_CSV = 'openi_gld_std14.csv';

export type NihLabels = Partial<Record<NihLabel, 0 | 1>>;

/**
 * Adds the labels that lie in a folder to records, by patient: the file names `CXR7`, and so do all forms of the
 * collection. Gives the file read, if any.
 */
export async function addGoldLabels(
  records: SourceRecord[],
  folder: string,
  mistakes: Mistakes,
): Promise<string[]> {
  const path = join(folder, GOLD_CSV);
  if (!existsSync(path)) return [];
  const labels = await readGoldLabels(path, mistakes);
  records.forEach((record, i) => {
    const known = labels.get(record.patient);
    if (known !== undefined) records[i] = { ...record, labels: known };
  });
  return [path];
}

async function readGoldLabels(path: string, mistakes: Mistakes): Promise<Map<string, NihLabels>> {
  const labels = new Map<string, NihLabels>();
  for (const { line, values } of await readCsv(path, ['filename', ...NIH_LABELS])) {
    const row: NihLabels = {};
    for (const name of NIH_LABELS) {
      const value = values[name];
      if (value !== '0' && value !== '1') {
        mistakes.add(`${path}:${line}: ${name}: expected 0 or 1, got ${JSON.stringify(value ?? '')}`);
        continue;
      }
      row[name] = value === '1' ? 1 : 0;
    }
    labels.set(values.filename ?? '', row);
  }
  return labels;
}
