/**
 * A folder of phantom studies: 16-bit DICOM files, and `studies.jsonl` with the report and the truth of each, a JSON
 * object a line in the form that `prepare --format phantom` reads. The table is written last: where it stands, all
 * images stand. Equal options give equal bytes.
 */
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { fail, Random, type ReportProgress, silent, writeJsonLines } from '@llama-xr/core';
import { type DicomRadiograph, uidOf, writeDicom } from '@llama-xr/imaging';
import type { NihLabel } from '@llama-xr/reports';
import { drawPhantom, type Phantom } from './draw/phantom.ts';
import { type PhantomFinding, sampleFindings } from './findings.ts';
import { phantomReport } from './report/report.ts';
import { phantomLabels, phantomTags } from './report/truth.ts';

export const PHANTOM_TABLE = 'studies.jsonl';

/** One line of the table. Paths are relative to its folder. */
export interface PhantomStudy {
  readonly id: string;
  readonly patient: string;
  readonly split: 'train' | 'val' | 'test';
  readonly views: readonly {
    readonly id: string;
    readonly path: string;
    readonly projection: 'frontal' | 'lateral';
  }[];
  readonly findings: string;
  readonly impression: string;
  /** The findings section: what is to be learned. */
  readonly report: string;
  readonly tags: readonly string[];
  readonly labels: Partial<Record<NihLabel, 0 | 1>>;
  readonly abnormal: boolean;
}

export interface PhantomOptions {
  /** Studies. */
  readonly count: number;
  readonly seed?: number;
  /** Rows and columns of each image; default 256. */
  readonly size?: number;
  readonly onProgress?: ReportProgress;
}

/** One patient in five comes twice. */
const SECOND_STUDY = 0.2;
const NO_LATERAL = 0.12;

/** @throws LlamaXrError INPUT (count, size), FILE_WRITE. */
export async function makePhantoms(
  folder: string,
  { count, seed = 3407, size = 256, onProgress = silent }: PhantomOptions,
): Promise<PhantomStudy[]> {
  if (!Number.isInteger(count) || count < 1)
    fail('INPUT', `phantoms: count: expected an integer >= 1, got ${count}`);
  if (!Number.isInteger(size) || size < 64 || size > 2048)
    fail('INPUT', `phantoms: size: expected 64 to 2048 pixels, got ${size}`);
  const studies: PhantomStudy[] = [];
  for (const planned of plan(count, seed)) {
    studies.push(makeStudy(folder, planned, size));
    onProgress({ stage: 'phantoms', done: studies.length, total: count });
    // Drawing blocks; whoever shows the progress must get a turn.
    await setImmediate();
  }
  writeJsonLines(join(folder, PHANTOM_TABLE), studies);
  return studies;
}

interface PlannedStudy {
  readonly id: string;
  readonly patient: string;
  readonly split: PhantomStudy['split'];
  readonly findings: readonly PhantomFinding[];
  readonly lateral: boolean;
  readonly random: Random;
}

/** Who is examined how often, in which split (80/10/10, by patient), with which findings. */
function plan(count: number, seed: number): PlannedStudy[] {
  const random = new Random(`phantoms:${seed}`);
  const patients: string[] = [];
  while (patients.length < count) {
    const patient = `P${String(patients.length + 1).padStart(5, '0')}`;
    patients.push(...(random.chance(SECOND_STUDY) ? [patient, patient] : [patient]));
  }
  const visits = patients.slice(0, count);
  const order = random.shuffle([...new Set(visits)]);
  const splitOf = new Map(order.map((patient, i) => [patient, splitAt(i / order.length)]));
  return visits.map((patient, i) => {
    // Of its own seed: a study is the same however many are made.
    const own = new Random(`phantom:${seed}:${i}`);
    return {
      id: `${patient}-${visits[i - 1] === patient ? 2 : 1}`,
      patient,
      split: splitOf.get(patient) ?? 'train',
      findings: sampleFindings(own),
      lateral: !own.chance(NO_LATERAL),
      random: own,
    };
  });
}

function splitAt(share: number): PhantomStudy['split'] {
  return share < 0.8 ? 'train' : share < 0.9 ? 'val' : 'test';
}

function makeStudy(folder: string, planned: PlannedStudy, size: number): PhantomStudy {
  const { id, patient, split, findings, random } = planned;
  const report = phantomReport(findings, random);
  const phantom = drawPhantom(findings, random.uint32(), { size, patient });
  const projections = planned.lateral ? (['frontal', 'lateral'] as const) : (['frontal'] as const);
  const views = projections.map((projection) => {
    const path = `images/${id}-${projection}.dcm`;
    writeDicom(join(folder, path), dicomOf(planned, phantom, projection));
    return { id: `${id}-${projection}`, path, projection };
  });
  return {
    id,
    patient,
    split,
    views,
    findings: report.findings,
    impression: report.impression,
    report: report.findings,
    tags: phantomTags(findings),
    labels: phantomLabels(findings),
    abnormal: findings.length > 0,
  };
}

function dicomOf(
  { id, patient }: PlannedStudy,
  phantom: Phantom,
  projection: 'frontal' | 'lateral',
): DicomRadiograph {
  const { size, pixels, bits, pixelMm } = phantom[projection];
  const frontal = projection === 'frontal';
  return {
    rows: size,
    columns: size,
    pixels,
    bitsStored: bits,
    patientId: patient,
    patientName: `Phantom^${patient}`,
    patientSex: phantom.female ? 'F' : 'M',
    studyInstanceUID: uidOf(`phantom study ${id}`),
    seriesInstanceUID: uidOf(`phantom series ${id} ${projection}`),
    sopInstanceUID: uidOf(`phantom image ${id} ${projection} ${size}`),
    studyDate: '20260101',
    studyTime: id.endsWith('2') ? '140000' : '090000',
    accessionNumber: id,
    seriesNumber: frontal ? 1 : 2,
    seriesDescription: frontal ? 'CHEST PA' : 'CHEST LATERAL',
    viewPosition: frontal ? 'PA' : 'LL',
    pixelSpacingMm: pixelMm,
    manufacturer: 'LLaMA-XR',
    model: 'Synthetic phantom, not a patient',
  };
}
