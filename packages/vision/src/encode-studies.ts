/**
 * Encodes a data set: reads every study's views, runs the encoder, writes features.safetensors and its manifest.
 * Works in parts that are whole on the disk, so that a job killed at any moment goes on where it was.
 */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  fail,
  fileError,
  type ReportProgress,
  sha256,
  silent,
  startRun,
  writeManifest,
} from '@llama-xr/core';
import type { EncodedView, Encoder } from './encoder.ts';
import {
  type Features,
  type FeaturesOrigin,
  jobOf,
  joinFeatures,
  readFeatures,
  rowSize,
  type Side,
  type ViewFeatures,
  writeFeatures,
} from './features-file.ts';
import { projectionWarnings } from './projection.ts';
import { readView, type ViewInput } from './view-input.ts';

/** What is needed of a study. */
export interface StudyToEncode {
  readonly id: string;
  readonly views: readonly {
    /** Absent where the data set names a view whose file is not there. */
    readonly path?: string;
    readonly projection: Side | 'unknown';
  }[];
}

/** The part of an encoder that is used here. */
export type StudyEncoder = Pick<Encoder, 'name' | 'hash' | 'notices' | 'operatingPoints' | 'encode'>;

export interface EncodeOptions {
  /** Keeps the 7 x 7 maps too, as float16: 100 KB a view. */
  readonly maps?: boolean;
  readonly progress?: ReportProgress;
  /** Studies in one part, 32 where absent: at most this many are done again after a kill. */
  readonly studiesPerPart?: number;
  /** Written into the manifest beside what this function knows itself. */
  readonly command?: string;
}

/**
 * Writes `path` and `path.manifest.json`. Does nothing when `path` is there already, made by the same job.
 * @throws LlamaXrError RESUME when the parts beside `path` belong to another job; ENCODER, FILE_* naming the image
 * that stopped it (what was done until then is kept).
 */
export async function encodeStudies(
  studies: readonly StudyToEncode[],
  encoder: StudyEncoder,
  path: string,
  options: EncodeOptions = {},
): Promise<Features> {
  const { maps = false, progress = silent, studiesPerPart = 32, command = 'encode' } = options;
  checkStudies(studies);
  const job = sha256(
    JSON.stringify([encoder.hash, encoder.operatingPoints ?? null, maps, studiesPerPart, studies]),
  );
  if (existsSync(path) && jobOf(path) === job) return readFeatures(path, { maps });
  const closeRun = startRun();
  const folder = `${path}.parts`;
  checkParts(folder, job);
  const parts: Features[] = [];
  for (let start = 0; start < studies.length; start += studiesPerPart) {
    const part = join(folder, `${String(start).padStart(6, '0')}.safetensors`);
    if (!existsSync(part)) {
      const found = await encodePart(studies.slice(start, start + studiesPerPart), encoder, { job, maps });
      writeFeatures(part, found);
    }
    parts.push(readFeatures(part, { maps }));
    progress({
      stage: 'encode',
      done: Math.min(start + studiesPerPart, studies.length),
      total: studies.length,
    });
  }
  const features = joinFeatures(parts, joinOrigins(parts));
  writeFeatures(path, features);
  const { images, notices, warnings } = features.origin;
  writeManifest(
    `${path}.manifest.json`,
    closeRun({
      command,
      inputs: { encoder: encoder.hash, ...images },
      config: { encoder: encoder.name, studies: studies.length, maps, warnings },
      notices,
    }),
  );
  rmSync(folder, { recursive: true, force: true });
  return features;
}

function checkStudies(studies: readonly StudyToEncode[]): void {
  if (studies.length === 0) fail('INPUT', 'encode: expected at least one study, got none');
  const seen = new Set<string>();
  for (const { id } of studies) {
    if (seen.has(id)) fail('INPUT', `encode: expected ids that are all different, got ${id} twice`);
    seen.add(id);
  }
}

/** @throws LlamaXrError RESUME when a part that is there was made by another job. */
function checkParts(folder: string, job: string): void {
  if (!existsSync(folder)) return;
  try {
    for (const name of readdirSync(folder))
      if (name.endsWith('.safetensors') && jobOf(join(folder, name)) !== job)
        fail('RESUME', `${folder}: expected parts of this job, got ${name} of another encoder or data set`);
  } catch (error) {
    throw fileError(error, folder);
  }
}

async function encodePart(
  studies: readonly StudyToEncode[],
  encoder: StudyEncoder,
  { job, maps }: { job: string; maps: boolean },
): Promise<Features> {
  const { viewsOf, images, warnings } = await readViews(studies);
  const encoded = new Map((await encoder.encode(viewsOf.flat())).map((found) => [found.view, found]));
  const side = (projection: Side) => {
    const views = viewsOf.map((of) => of.find((view) => view.projection === projection));
    return viewFeatures(
      views.map((view) => view && encoded.get(view)),
      maps,
    );
  };
  return {
    ids: studies.map(({ id }) => id),
    frontal: side('frontal'),
    lateral: side('lateral'),
    origin: {
      encoder: encoder.name,
      encoderHash: encoder.hash,
      calibrated: encoder.operatingPoints !== undefined,
      job,
      images,
      notices: encoder.notices,
      warnings,
    },
  };
}

async function readViews(studies: readonly StudyToEncode[]) {
  const warnings: string[] = [];
  const images: Record<string, string> = {};
  const viewsOf: ViewInput[][] = [];
  for (const study of studies) {
    const views: ViewInput[] = [];
    for (const { side, path } of chosenViews(study, warnings)) {
      const { sha256: hash, ...view } = await readView(path, side);
      images[path] = hash;
      views.push(view);
    }
    warnings.push(...projectionWarnings(views));
    viewsOf.push(views);
  }
  return { viewsOf, images, warnings };
}

/** The first view of each projection that has a file; whatever is left out is told. */
function chosenViews({ id, views }: StudyToEncode, warnings: string[]): { side: Side; path: string }[] {
  const chosen: { side: Side; path: string }[] = [];
  for (const { path, projection } of views) {
    if (path === undefined) warnings.push(`${id}: a ${projection} view has no file`);
    else if (projection === 'unknown') warnings.push(`${id}: ${path}: left out, its projection is not known`);
    else if (chosen.some(({ side }) => side === projection))
      warnings.push(`${id}: ${path}: left out, a second ${projection} view`);
    else chosen.push({ side: projection, path });
  }
  if (chosen.length === 0) warnings.push(`${id}: has no view that could be used`);
  return chosen;
}

function viewFeatures(rows: readonly (EncodedView | undefined)[], maps: boolean): ViewFeatures {
  const matrix = (part: 'raw' | 'normalised' | 'pooled' | 'map') => {
    const out = new Float32Array(rows.length * rowSize(part)).fill(Number.NaN);
    rows.forEach((row, i) => {
      if (row !== undefined) out.set(row[part], i * rowSize(part));
    });
    return out;
  };
  return {
    present: Uint8Array.from(rows, (row) => Number(row !== undefined)),
    raw: matrix('raw'),
    normalised: matrix('normalised'),
    pooled: matrix('pooled'),
    ...(maps && { map: matrix('map') }),
  };
}

/** One origin for all parts; views that look swapped in many studies are a notice, not only warnings. */
function joinOrigins(parts: readonly Features[]): FeaturesOrigin {
  const origins = parts.map(({ origin }) => origin);
  const warnings = origins.flatMap((origin) => origin.warnings);
  const count = (words: RegExp) => warnings.filter((warning) => words.test(warning)).length;
  const swapped = count(/may be swapped|looks (frontal|lateral)/);
  const unusable = count(/no view that could be used/);
  const first = origins[0] as FeaturesOrigin;
  return {
    ...first,
    images: Object.assign({}, ...origins.map((origin) => origin.images)),
    notices: [
      ...first.notices,
      ...(swapped > 0 ? [`${swapped} views look as if frontal and lateral were swapped`] : []),
      ...(unusable > 0 ? [`${unusable} studies have no view that could be used`] : []),
    ],
    warnings,
  };
}
