/** Drafts of the test studies, and their scores beside what texts that read no image would score. */
import { existsSync } from 'node:fs';
import { readJson, sha256File, startRun, writeFileAtomic, writeJson, writeManifest } from '@llama-xr/core';
import type { Dataset } from '@llama-xr/dataset';
import { renderPage } from '@llama-xr/evaluation';
import { type Prediction, readPredictions, type ScoreTable, score } from '@llama-xr/metrics';
import { RunFolder } from '@llama-xr/train';
import { draftStudies } from '../drafts/draft-studies.ts';
import { openRun } from '../drafts/open-run.ts';
import type { Terminal } from '../terminal.ts';
import { version } from '../version.ts';
import type { DemoFolder } from './demo-folder.ts';

/** Studies that neither heads nor adapter have seen. */
const SPLIT = 'test';
/** Drafts written at once, by one thread: a model this small would spend its time on threads waiting for each other. */
const GENERATION = { parallel: 16, threads: 1 } as const;

/** Writes the drafts, unless those of this adapter are there. */
export async function draftTestStudies(
  folder: DemoFolder,
  dataset: Dataset,
  terminal: Terminal,
): Promise<Prediction[]> {
  const finish = startRun();
  const { predictions } = folder;
  const manifest = `${predictions}.manifest.json`;
  const { adapterGguf } = new RunFolder(folder.run);
  const inputs = { [adapterGguf]: await sha256File(adapterGguf), ...dataset.manifest.outputs };
  const known = existsSync(predictions) && existsSync(manifest) ? await readJson(manifest) : {};
  if (JSON.stringify((known as { inputs?: unknown }).inputs) !== JSON.stringify(inputs)) {
    await using run = await openRun({ run: folder.run, ...GENERATION }, dataset);
    const { notices } = await draftStudies(run, dataset, { out: predictions, split: SPLIT }, terminal);
    const outputs = { [predictions]: await sha256File(predictions) };
    writeManifest(
      manifest,
      finish({ command: 'demo', inputs, outputs, notices, versions: { 'llama-xr': version } }),
    );
  }
  return await readPredictions(predictions, { allowEmpty: true });
}

/** Scores the drafts, and writes the whole table as JSON and as a page. */
export function scoreDrafts(
  folder: DemoFolder,
  drafts: readonly Prediction[],
  dataset: Dataset,
  seed: number,
): ScoreTable {
  const training = dataset.studies.filter((study) => study.split === 'train').map(({ report }) => report);
  const table = score(drafts, { protocols: ['alnum'], training, seed });
  writeJson(folder.scores, table);
  writeFileAtomic(folder.report, renderPage(table));
  return table;
}
