/**
 * R2Gen's annotation.json (Chen et al. 2020): `{train, val, test}` lists of report, image paths and id. It is a data
 * set by itself, and the split that published figures on IU X-ray are measured on.
 */
import { join } from 'node:path';
import { fail, type Mistakes } from '@llama-xr/core';
import { z } from 'zod';
import type { Source, SourceRecord } from '../record.ts';
import { mistakesOf, SPLITS, type Split } from '../study.ts';
import { isFolder, MAX_BYTES, readBounded } from './bounded.ts';

export const ANNOTATION_JSON = 'annotation.json';

const entrySchema = z.object({
  id: z.union([z.string().min(1).max(200), z.number().int()]).transform(String),
  report: z.string().max(100_000),
  image_path: z.array(z.string().min(1).max(1000)).max(100),
  /** In its MIMIC-CXR form only. */
  subject_id: z.union([z.string(), z.number()]).transform(String).optional(),
});

const annotationSchema = z.object({
  train: z.array(z.unknown()),
  val: z.array(z.unknown()),
  test: z.array(z.unknown()).default([]),
});

export async function readR2Gen(path: string, mistakes: Mistakes): Promise<Source> {
  const file = (await isFolder(path)) ? join(path, ANNOTATION_JSON) : path;
  const annotation = await readAnnotation(file);
  const records: SourceRecord[] = [];
  for (const split of SPLITS) {
    annotation[split].forEach((value, index) => {
      const origin = `${ANNOTATION_JSON}#${split}[${index}]`;
      const entry = entrySchema.safeParse(value);
      if (!entry.success) {
        for (const mistake of mistakesOf(entry.error)) mistakes.add(`${file}#${split}[${index}]: ${mistake}`);
        return;
      }
      records.push(recordOf(entry.data, split, origin));
    });
  }
  return {
    records,
    files: [file],
    licence: 'as of the collection that the annotation was made from (IU X-ray: CC BY-NC-ND 4.0)',
    notices: [
      'the annotation tells no projections: the first image of a study is not known to be the frontal one',
    ],
  };
}

function recordOf(entry: z.infer<typeof entrySchema>, split: Split, origin: string): SourceRecord {
  return {
    id: entry.id,
    patient: entry.subject_id ?? patientOf(entry.id),
    origin,
    findings: entry.report.trim(),
    impression: '',
    indication: '',
    comparison: '',
    tags: [],
    views: entry.image_path.map((path) => ({ id: path, projection: 'unknown' as const, files: [path] })),
    split,
  };
}

/** `CXR2384_IM-0942` is of patient CXR2384: the collection has one study a patient. */
function patientOf(id: string): string {
  return /^(CXR\d+)_/.exec(id)?.[1] ?? id;
}

/** The split of each patient that an annotation lists; a patient in two splits keeps the first, and is a mistake. */
export async function readSplits(path: string, mistakes: Mistakes): Promise<Map<string, Split>> {
  const { records } = await readR2Gen(path, mistakes);
  const splits = new Map<string, Split>();
  for (const { patient, split } of records) {
    const before = splits.get(patient);
    if (before !== undefined && before !== split) {
      mistakes.add(`${path}: patient ${patient}: expected one split, got ${before} and ${split}`);
    }
    if (before === undefined && split !== undefined) splits.set(patient, split);
  }
  return splits;
}

async function readAnnotation(path: string): Promise<z.infer<typeof annotationSchema>> {
  const text = await readBounded(path, MAX_BYTES.json);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    fail('FILE_FORMAT', `${path}: expected JSON: ${(error as Error).message}`, { cause: error });
  }
  const annotation = annotationSchema.safeParse(value);
  if (!annotation.success) {
    fail('FILE_FORMAT', `${path}: expected {train, val, test}: ${mistakesOf(annotation.error).join('; ')}`);
  }
  return annotation.data;
}
