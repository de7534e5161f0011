/** The demo's patients: phantoms drawn as DICOM, and the studies that `prepare` makes of them. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Random, type ReportProgress } from '@llama-xr/core';
import { type Prepared, prepare } from '@llama-xr/dataset';
import { makePhantoms, PHANTOM_TABLE, phantomReport, sampleFindings } from '@llama-xr/phantom';
import type { DemoFolder, DemoSettings } from './demo-folder.ts';

/** Draws the phantoms, unless they are there: their table is written last. */
export async function drawPhantoms(
  folder: DemoFolder,
  { seed, studies, pixels }: DemoSettings,
  onProgress: ReportProgress,
): Promise<void> {
  if (existsSync(join(folder.phantoms, PHANTOM_TABLE))) return;
  await makePhantoms(folder.phantoms, { count: studies, seed, size: pixels, onProgress });
}

export async function prepareData(
  folder: DemoFolder,
  { seed }: DemoSettings,
  progress: ReportProgress,
): Promise<Prepared> {
  return await prepare(folder.phantoms, {
    format: 'phantom',
    out: folder.data,
    findings: 'mesh',
    seed,
    progress,
  });
}

/** Normal reports are many and alike: this share of them teaches enough. */
const NORMAL_SHARE = 0.1;

/**
 * Whole reports to learn the language from, of phantoms that nobody drew: none of them belongs to a study. The impression
 * comes first: who learns to go on from it learns to say at length what was said in brief, side for side.
 */
export function reportTexts({ seed, texts }: DemoSettings): string[] {
  const random = new Random(`demo texts:${seed}`);
  const reports: string[] = [];
  while (reports.length < texts) {
    const found = sampleFindings(random);
    if (found.length === 0 && !random.chance(NORMAL_SHARE)) continue;
    const { impression, findings } = phantomReport(found, random);
    reports.push(`Impression: ${impression} Report: ${findings}`);
  }
  return reports;
}
