/**
 * Studies that are ours from the start, a JSON object a line with images beside: what `@llama-xr/phantom` draws. The
 * tags are the truth they were drawn from.
 */
import { dirname, join, resolve } from 'node:path';
import { type Mistakes, readJsonLines } from '@llama-xr/core';
import { z } from 'zod';
import type { Source, SourceRecord } from '../record.ts';
import { mistakesOf, studySchema } from '../study.ts';
import { isFolder } from './bounded.ts';

const STUDIES_JSONL = 'studies.jsonl';

const lineSchema = z.object({
  ...studySchema.unwrap().partial({ split: true, patient: true, report: true, abnormal: true }).shape,
});

export async function readPhantoms(path: string, mistakes: Mistakes): Promise<Source> {
  const file = (await isFolder(path)) ? join(path, STUDIES_JSONL) : path;
  const records: SourceRecord[] = [];
  for await (const { line, value } of readJsonLines(file)) {
    const parsed = lineSchema.safeParse(value);
    if (!parsed.success) {
      for (const mistake of mistakesOf(parsed.error)) mistakes.add(`${file}:${line}: ${mistake}`);
      continue;
    }
    records.push(recordOf(parsed.data, `${STUDIES_JSONL}:${line}`, dirname(file)));
  }
  return {
    records,
    chronological: true,
    files: [file],
    licence: 'Apache-2.0',
    notices: ['phantoms: drawn images and written reports, no patients'],
  };
}

function recordOf(line: z.infer<typeof lineSchema>, origin: string, folder: string): SourceRecord {
  return {
    id: line.id,
    patient: line.patient ?? line.id,
    origin,
    findings: line.findings.trim(),
    impression: line.impression.trim(),
    indication: line.indication ?? '',
    comparison: line.comparison ?? '',
    tags: line.tags,
    views: line.views.map(({ id, projection, path }) => ({
      id,
      projection,
      files: path === undefined ? [id] : [resolve(folder, path)],
    })),
    ...(line.split && { split: line.split }),
    ...(line.labels && { labels: line.labels }),
  };
}
