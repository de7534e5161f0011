/**
 * The leak audit: what of the held-out parts was already seen in training. A patient or an image in two parts is an
 * error; equal and nearly equal reports are counted, because radiology repeats itself (277 of 590 IU test reports equal
 * a training report word for word) and a score must be read with that in mind.
 */
import { statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { type Mistakes, sha256File } from '@llama-xr/core';
import { hasNear } from './near-duplicates.ts';
import type { Study } from './study.ts';

/** Two reports are near when they share this part of their three-word shingles. */
const NEAR = 0.8;

export interface PartAudit {
  readonly studies: number;
  /** Reports equal to a training report, in lower case and without punctuation. */
  readonly exactInTrain: number;
  /** Reports with Jaccard similarity >= 0.8 to a training report, the equal ones included. */
  readonly nearInTrain: number;
  /** Different texts among the reports. */
  readonly distinct: number;
}

export interface LeakAudit {
  readonly val: PartAudit;
  readonly test: PartAudit;
  /** Image files whose bytes were compared across parts. */
  readonly imagesCompared: number;
}

/** Letters and digits in lower case, single spaces: what counts as the same text. */
export function normaliseReport(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, ' ')
    .trim();
}

/** Audits prepared studies. Patients and images that stand in two parts are added to the mistakes. */
export async function auditLeaks(
  studies: readonly Study[],
  folder: string,
  mistakes: Mistakes,
): Promise<LeakAudit> {
  findShared(studies, (study) => [study.patient], 'patient', mistakes);
  findShared(studies, (study) => study.views.map((view) => view.id), 'image', mistakes);
  const digests = await digestsOfEqualSize(studies, folder);
  findShared(
    studies,
    (study) => study.views.flatMap((view) => digests.get(view.path ?? '') ?? []),
    'image content',
    mistakes,
  );
  const train = texts(studies, 'train');
  return {
    val: auditPart(train, texts(studies, 'val')),
    test: auditPart(train, texts(studies, 'test')),
    imagesCompared: digests.size,
  };
}

function texts(studies: readonly Study[], split: Study['split']): string[] {
  return studies.filter((study) => study.split === split).map((study) => normaliseReport(study.report));
}

function auditPart(train: readonly string[], part: readonly string[]): PartAudit {
  const seen = new Set(train);
  const distinct = [...new Set(part)];
  const unseen = distinct.filter((text) => !seen.has(text));
  const near = hasNear([...seen], unseen, NEAR);
  const nearUnseen = new Set(unseen.filter((_, i) => near[i]));
  const exactInTrain = part.filter((text) => seen.has(text)).length;
  return {
    studies: part.length,
    exactInTrain,
    nearInTrain: exactInTrain + part.filter((text) => nearUnseen.has(text)).length,
    distinct: distinct.length,
  };
}

/** Whatever belongs to studies of two parts. */
function findShared(
  studies: readonly Study[],
  keys: (study: Study) => string[],
  what: string,
  mistakes: Mistakes,
): void {
  const owner = new Map<string, Study>();
  for (const study of studies) {
    for (const key of keys(study)) {
      const other = owner.get(key);
      if (other === undefined) owner.set(key, study);
      else if (other.split !== study.split) {
        mistakes.add(
          `${what} ${key}: expected in one split, got ${other.split} (${other.id}) and ${study.split} (${study.id})`,
        );
      }
    }
  }
}

/** SHA-256 by path of those image files that share their size with another: only these can be equal. */
async function digestsOfEqualSize(studies: readonly Study[], folder: string): Promise<Map<string, string>> {
  const bySize = new Map<number, string[]>();
  for (const path of studies.flatMap((study) => study.views.flatMap((view) => view.path ?? []))) {
    const size = statSync(absolute(folder, path)).size;
    bySize.set(size, [...(bySize.get(size) ?? []), path]);
  }
  const digests = new Map<string, string>();
  for (const paths of bySize.values()) {
    if (paths.length < 2) continue;
    for (const path of paths) digests.set(path, await sha256File(absolute(folder, path)));
  }
  return digests;
}

function absolute(folder: string, path: string): string {
  return isAbsolute(path) ? path : join(folder, path);
}
