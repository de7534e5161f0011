/**
 * From a collection as others distribute it to studies.jsonl and its manifest. Reads everything, checks everything,
 * audits for leaks, and only then writes; run again with the same inputs and choices it does nothing.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fail, Mistakes, type ReportProgress, sha256, sha256File, silent, startRun } from '@llama-xr/core';
import type { DeidentifiedChoice } from '@llama-xr/reports';
import { auditLeaks } from './audit.ts';
import type { ReadSource, Source } from './record.ts';
import { type Choices, noticesOf, selectStudy } from './select.ts';
import { isFolder } from './sources/bounded.ts';
import { addGoldLabels } from './sources/gold-labels.ts';
import { type ImageIndex, indexImages } from './sources/images.ts';
import { readIuXray } from './sources/iu-xray.ts';
import { readKaggle } from './sources/kaggle.ts';
import { readPhantoms } from './sources/phantom.ts';
import { ANNOTATION_JSON, readR2Gen, readSplits } from './sources/r2gen.ts';
import { hashSplit } from './splits.ts';
import {
  type DatasetManifest,
  type FindingsSource,
  hashStudies,
  MANIFEST_FILE,
  type PartCounts,
  readDatasetManifest,
  STUDIES_FILE,
  type Target,
  writeDatasetManifest,
  writeStudies,
} from './store.ts';
import { SPLITS, type Split, type Study } from './study.ts';

export const FORMATS = ['iu-xray', 'r2gen', 'kaggle', 'phantom'] as const;
export type Format = (typeof FORMATS)[number];

const READERS: Readonly<Record<Format, ReadSource>> = {
  'iu-xray': readIuXray,
  r2gen: readR2Gen,
  kaggle: readKaggle,
  phantom: readPhantoms,
};

export interface PrepareOptions {
  readonly format: Format;
  /** The folder to make. */
  readonly out: string;
  /** Default: mesh where the source has tags, else encoder. */
  readonly findings?: FindingsSource;
  /** Default: findings. */
  readonly target?: Target;
  /** Folder of image files. Default: `images` in the source folder, where there is one. */
  readonly images?: string;
  /**
   * `auto` (default): the source's own split, else annotation.json beside it, else a hash; `hash`: 80/10/10 by patient;
   * or an annotation.json.
   */
  readonly splits?: string;
  /** What becomes of XXXX in the report; default: kept. */
  readonly deidentified?: DeidentifiedChoice;
  readonly seed?: number;
  readonly progress?: ReportProgress;
}

export interface Prepared {
  readonly studies: Study[];
  readonly manifest: DatasetManifest;
  /** True when the folder was there already, made from the same inputs with the same choices. */
  readonly reused: boolean;
}

/**
 * @param source a folder or file of the format.
 * @throws LlamaXrError FILE_*, with all mistakes of the source at once; INPUT when nothing is left or a patient or image
 *   stands in two parts; RESUME when the folder was made from something else.
 */
export async function prepare(source: string, options: PrepareOptions): Promise<Prepared> {
  const finish = startRun();
  const { format, out, seed = DEFAULT_SEED, progress = silent } = options;
  const mistakes = new Mistakes();
  progress({ stage: 'read', done: 0, total: 3 });
  const folder = (await isFolder(source)) ? source : dirname(source);
  const read = await READERS[format](source, mistakes);
  const gold = await addGoldLabels(read.records, folder, mistakes);
  const split = await chooseSplits(folder, options, read, mistakes);
  mistakes.throwIfAny('FILE_FORMAT', source);

  progress({ stage: 'select', done: 1, total: 3 });
  const choices = choicesOf(options, read, await findImages(folder, options), split);
  const { studies, skipped } = select(source, read, choices);

  progress({ stage: 'audit', done: 2, total: 3 });
  const audit = await auditLeaks(studies, out, mistakes);
  mistakes.throwIfAny('INPUT', `${source}: the parts leak into each other`);

  const { findings, target, deidentified } = choices;
  const chosen = { format, findings, target, splits: split.splitName };
  const record = {
    command: 'prepare',
    config: { source, ...chosen, deidentified },
    inputs: await hashInputs(source, [...read.files, ...gold, ...split.files]),
    notices: [...read.notices, ...noticesOf(read.records, choices)],
    seed,
  };
  const dataset = { ...chosen, licence: read.licence, counts: countParts(studies), skipped, audit };
  const result = await write(out, studies, { ...finish(record), dataset });
  progress({ stage: 'written', done: 3, total: 3 });
  return result;
}

const DEFAULT_SEED = 3407;

function choicesOf(
  { findings, target = 'findings', deidentified = 'keep', seed = DEFAULT_SEED }: PrepareOptions,
  { records }: Source,
  images: ImageIndex | undefined,
  { splitOf }: SplitChoice,
): Choices {
  const tagged = records.some((record) => record.tags.length > 0);
  return {
    findings: findings ?? (tagged ? 'mesh' : 'encoder'),
    target,
    deidentified,
    seed,
    images,
    requireImages: findings === 'encoder',
    splitOf,
  };
}

interface SplitChoice {
  splitOf: Choices['splitOf'];
  splitName: string;
  files: string[];
}

async function chooseSplits(
  folder: string,
  { splits = 'auto', seed = DEFAULT_SEED }: PrepareOptions,
  read: Source,
  mistakes: Mistakes,
): Promise<SplitChoice> {
  const byHash: SplitChoice = {
    splitOf: (record) => hashSplit(record.patient, seed),
    splitName: 'hash of the patient, 80/10/10',
    files: [],
  };
  if (splits === 'hash') return byHash;
  if (splits === 'auto' && read.records.some((record) => record.split !== undefined)) {
    return { splitOf: (record) => record.split, splitName: 'as in the source', files: [] };
  }
  const beside = join(folder, ANNOTATION_JSON);
  if (splits === 'auto' && !existsSync(beside)) return byHash;
  const file = splits === 'auto' ? beside : splits;
  const table = await readSplits(file, mistakes);
  return {
    splitOf: (record) => table.get(record.patient),
    splitName: `as in ${ANNOTATION_JSON}`,
    files: [file],
  };
}

async function findImages(
  folder: string,
  { images, format, findings }: PrepareOptions,
): Promise<ImageIndex | undefined> {
  if (images !== undefined) return await indexImages(images);
  if (format === 'phantom') return await indexImages(folder);
  const beside = join(folder, 'images');
  if (existsSync(beside)) return await indexImages(beside);
  if (findings !== 'encoder') return undefined;
  fail(
    'CONFIG',
    `${folder}: findings by the encoder need the image files, and there is no images folder here`,
    {
      hint: 'Say where they are: --images DIR.',
    },
  );
}

function select(source: string, { records, chronological = false }: Source, choices: Choices) {
  const studies: Study[] = [];
  /** By patient: the report of the latest study so far. */
  const reports = new Map<string, string>();
  const skipped: Record<string, number> = {};
  for (const record of records) {
    const selection = selectStudy(record, choices);
    if ('study' in selection) {
      const { study } = selection;
      const prior = chronological ? reports.get(study.patient) : undefined;
      studies.push(prior === undefined ? study : { ...study, prior });
      reports.set(study.patient, study.report);
    } else skipped[selection.skipped] = (skipped[selection.skipped] ?? 0) + 1;
  }
  if (studies.length === 0) {
    const reasons = Object.entries(skipped).map(([reason, count]) => `${count} ${reason}`);
    fail(
      'INPUT',
      `${source}: expected studies, all ${records.length} were left out: ${reasons.join(', ') || 'none were there'}`,
    );
  }
  return { studies, skipped };
}

function countParts(studies: readonly Study[]): Record<Split, PartCounts> {
  const counts = SPLITS.map((split) => {
    const part = studies.filter((study) => study.split === split);
    return [
      split,
      {
        studies: part.length,
        patients: new Set(part.map((study) => study.patient)).size,
        abnormal: part.filter((study) => study.abnormal).length,
        withImages: part.filter((study) => study.views.some((view) => view.path !== undefined)).length,
      },
    ];
  });
  return Object.fromEntries(counts) as Record<Split, PartCounts>;
}

/** More files than these are told as one: their folder, with the hash of all their hashes. */
const FILES_TOLD = 50;

async function hashInputs(source: string, files: readonly string[]): Promise<Record<string, string>> {
  const inputs: Record<string, string> = {};
  for (const file of [...new Set(files)].sort()) {
    if (existsSync(file)) inputs[file] = await sha256File(file);
  }
  const entries = Object.entries(inputs);
  if (entries.length <= FILES_TOLD) return inputs;
  return {
    [`${source} (${entries.length} files)`]: sha256(entries.map((entry) => entry.join(' ')).join('\n')),
  };
}

/** Writes a folder once; finds it done when it was made alike; refuses to write over anything else. */
async function write(out: string, studies: Study[], made: DatasetManifest): Promise<Prepared> {
  const path = join(out, STUDIES_FILE);
  const manifest = { ...made, outputs: { [STUDIES_FILE]: hashStudies(out, studies) } };
  if (existsSync(join(out, MANIFEST_FILE))) {
    const before = await readDatasetManifest(out);
    const same = sameRun(before, manifest) && existsSync(path);
    if (same && manifest.outputs[STUDIES_FILE] === (await sha256File(path))) {
      return { studies, manifest: before, reused: true };
    }
    fail('RESUME', `${out}: holds data prepared from other inputs or with other choices`);
  }
  writeStudies(out, studies);
  writeDatasetManifest(out, manifest);
  return { studies, manifest, reused: false };
}

function sameRun(a: DatasetManifest, b: DatasetManifest): boolean {
  const key = ({ config, inputs, outputs, seed }: DatasetManifest) =>
    JSON.stringify({ config, inputs, outputs, seed });
  return key(a) === key(b);
}
