/**
 * The prepared data folder: studies.jsonl, one study a line, and manifest.json, which says where they came from. The
 * manifest is written last: a folder without one is not finished.
 */
import { existsSync } from 'node:fs';
import { isAbsolute, join, relative, resolve } from 'node:path';
import {
  fail,
  Mistakes,
  type RunManifest,
  readJson,
  readJsonLines,
  sha256,
  writeJson,
  writeJsonLines,
} from '@llama-xr/core';
import { z } from 'zod';
import type { LeakAudit } from './audit.ts';
import { mistakesOf, type Split, type Study, studySchema } from './study.ts';

export const STUDIES_FILE = 'studies.jsonl';
export const MANIFEST_FILE = 'manifest.json';

/** What conditions a draft: tags, expert labels, simulated or encoder's scores, or nothing yet. */
export const FINDINGS_SOURCES = ['mesh', 'labels', 'simulated', 'encoder'] as const;
export type FindingsSource = (typeof FINDINGS_SOURCES)[number];

export const TARGETS = ['findings', 'impression', 'both'] as const;
export type Target = (typeof TARGETS)[number];

export interface PartCounts {
  readonly studies: number;
  readonly patients: number;
  readonly abnormal: number;
  readonly withImages: number;
}

export interface DatasetSummary {
  readonly format: string;
  readonly licence: string;
  readonly findings: FindingsSource;
  readonly target: Target;
  /** How the parts were made: `hash`, or the file that lists them. */
  readonly splits: string;
  readonly counts: Readonly<Record<Split, PartCounts>>;
  /** Reason -> how many studies of the source were left out for it. */
  readonly skipped: Readonly<Record<string, number>>;
  readonly audit: LeakAudit;
}

export interface DatasetManifest extends RunManifest {
  readonly dataset: DatasetSummary;
}

/** The part of a manifest that readers rely on; the rest is for people. */
const manifestSchema = z.looseObject({
  command: z.string(),
  inputs: z.record(z.string(), z.string()),
  outputs: z.record(z.string(), z.string()),
  notices: z.array(z.string()),
  dataset: z.looseObject({
    findings: z.enum(FINDINGS_SOURCES),
    target: z.enum(TARGETS),
    licence: z.string(),
  }),
});

export interface Dataset {
  readonly folder: string;
  /** In file order; paths of views are absolute. */
  readonly studies: Study[];
  readonly manifest: DatasetManifest;
}

/**
 * Reads a prepared folder. Every line is checked: all mistakes are told, as `studies.jsonl:7: tags: expected ...`.
 * @throws LlamaXrError FILE_MISSING, FILE_FORMAT.
 */
export async function readStudies(folder: string): Promise<Dataset> {
  const manifest = await readDatasetManifest(folder);
  const path = join(folder, STUDIES_FILE);
  const mistakes = new Mistakes();
  const studies: Study[] = [];
  const lines = new Map<string, number>();
  for await (const { line, value } of readJsonLines(path)) {
    const parsed = studySchema.safeParse(value);
    if (!parsed.success) {
      for (const mistake of mistakesOf(parsed.error)) mistakes.add(`${path}:${line}: ${mistake}`);
      continue;
    }
    const before = lines.get(parsed.data.id);
    if (before !== undefined)
      mistakes.add(`${path}:${line}: id: ${parsed.data.id} stands in line ${before} already`);
    lines.set(parsed.data.id, line);
    studies.push(mapPaths(parsed.data, (view) => (isAbsolute(view) ? view : resolve(folder, view))));
  }
  mistakes.throwIfAny('FILE_FORMAT', path);
  if (studies.length === 0) fail('FILE_FORMAT', `${path}: expected studies, got none`);
  return { folder, studies, manifest };
}

/** Writes studies atomically, paths of views relative to the folder so that it can be moved with its images. */
export function writeStudies(folder: string, studies: readonly Study[]): void {
  writeJsonLines(join(folder, STUDIES_FILE), portable(folder, studies));
}

/** SHA-256 of the file that writeStudies makes of these studies in this folder. */
export function hashStudies(folder: string, studies: readonly Study[]): string {
  return sha256(
    portable(folder, studies)
      .map((study) => `${JSON.stringify(study)}\n`)
      .join(''),
  );
}

function portable(folder: string, studies: readonly Study[]): Study[] {
  return studies.map((study) =>
    mapPaths(study, (view) => (isAbsolute(view) ? relative(resolve(folder), view) : view)),
  );
}

export function writeDatasetManifest(folder: string, manifest: DatasetManifest): void {
  writeJson(join(folder, MANIFEST_FILE), manifest);
}

export async function readDatasetManifest(folder: string): Promise<DatasetManifest> {
  const path = join(folder, MANIFEST_FILE);
  if (!existsSync(path)) {
    fail('FILE_MISSING', `${path}: expected a folder that prepare has finished`, {
      hint: 'Run llama-xr prepare first, or again: it writes the manifest last.',
    });
  }
  const parsed = manifestSchema.safeParse(await readJson(path));
  if (!parsed.success) {
    fail('FILE_FORMAT', `${path}: expected a data manifest: ${mistakesOf(parsed.error).join('; ')}`);
  }
  return parsed.data as unknown as DatasetManifest;
}

function mapPaths(study: Study, map: (path: string) => string): Study {
  const views = study.views.map((view) =>
    view.path === undefined ? view : { ...view, path: map(view.path) },
  );
  return { ...study, views };
}
