/** What an evaluation leaves behind: scores, the page, the model card, and a signed manifest that names them by hash. */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import {
  openSigningKey,
  type RunManifest,
  type RunRecord,
  readJson,
  sha256File,
  signRecord,
  writeFileAtomic,
  writeJson,
} from '@llama-xr/core';
import type { Dataset } from '@llama-xr/dataset';
import { type Case, type Cost, modelCard, renderPage, worstCases } from '@llama-xr/evaluation';
import { encodeJpeg, readRadiograph, toPicture } from '@llama-xr/imaging';
import type { Prediction, ProtocolName, ScoreTable } from '@llama-xr/metrics';
import { RunFolder } from '@llama-xr/train';
import { version } from '../version.ts';
import type { ScoringModels } from './scoring-models.ts';

/** All that decides the scores: enough to compute them again. */
export interface EvaluationConfig {
  readonly predictions: string;
  readonly protocols: readonly ProtocolName[];
  readonly data: string | null;
  readonly features: string | null;
  readonly models: ScoringModels;
  readonly seed: number;
  readonly allowEmpty: boolean;
}

export interface EvaluationResult {
  readonly table: ScoreTable;
  readonly predictions: readonly Prediction[];
  readonly dataset: Dataset | undefined;
  readonly config: EvaluationConfig;
  /** Path -> SHA-256. */
  readonly inputs: Readonly<Record<string, string>>;
}

export interface EvaluationPlace {
  readonly out: string;
  /** Worst cases on the page. */
  readonly cases: number;
  readonly signingKey: string | undefined;
  /** Run folder that wrote the drafts. */
  readonly run: string | undefined;
}

export const MANIFEST = 'manifest.json';
export const SCORES = 'scores.json';

/** Writes everything; the manifest comes last, so that a folder with one is complete. */
export async function writeEvaluation(
  result: EvaluationResult,
  { out, cases, signingKey = ownKey(), run }: EvaluationPlace,
  finish: (record: RunRecord) => RunManifest,
): Promise<void> {
  const { table, config, inputs } = result;
  const key = openSigningKey(signingKey);
  const provenance = {
    predictions: config.predictions,
    'data set': config.data ?? 'not given',
    protocols: config.protocols.join(', '),
    seed: String(config.seed),
    version: `llama-xr ${version}`,
  };
  const title = `Scores of ${basename(config.predictions)}`;
  const shown = await shownCases(result, cases);
  const files: Record<string, string> = {
    [SCORES]: `${JSON.stringify(table, null, 2)}\n`,
    'report.html': renderPage(table, {
      title,
      cases: shown,
      provenance,
      example: result.predictions[0] as Prediction,
    }),
  };
  if (run !== undefined)
    files['model-card.md'] = modelCard({
      name: basename(run),
      scores: table,
      run: await new RunFolder(run).read(),
      evaluation: provenance,
    });
  const outputs: Record<string, string> = {};
  for (const [name, content] of Object.entries(files)) {
    writeFileAtomic(join(out, name), content);
    outputs[name] = await sha256File(join(out, name));
  }
  const manifest = finish({
    command: 'evaluate',
    inputs: { ...inputs },
    outputs,
    config,
    seed: config.seed,
    notices: table.notices,
    versions: { 'llama-xr': version },
  });
  const costs = await costsOf(config.predictions, run);
  writeJson(join(out, MANIFEST), signRecord({ ...manifest, costs } satisfies EvaluationManifest, key));
}

/** The record of an evaluation: also what drafting and training took, where their manifests are there. */
export interface EvaluationManifest extends RunManifest {
  readonly costs: { readonly drafting?: Cost; readonly training?: Cost };
}

async function costsOf(predictions: string, run: string | undefined): Promise<EvaluationManifest['costs']> {
  const drafting = await costIn(`${predictions}.manifest.json`);
  const training = run === undefined ? undefined : await costIn(new RunFolder(run).manifest);
  return { ...(drafting && { drafting }), ...(training && { training }) };
}

async function costIn(path: string): Promise<Cost | undefined> {
  if (!existsSync(path)) return undefined;
  const { seconds, peakMemoryBytes, energyJoules } = (await readJson(path)) as RunManifest;
  return { seconds, peakMemoryBytes, ...(energyJoules !== undefined && { energyJoules }) };
}

/** The user's key, beside the other settings of the user. */
function ownKey(): string {
  const settings = process.env.XDG_CONFIG_HOME ?? join(homedir(), '.config');
  return join(settings, 'llama-xr', 'signing-key.pem');
}

/** Pixels of the longer side of an image on the page. */
const PICTURE_SIDE = 320;

async function pictureUrl(path: string): Promise<string> {
  const jpeg = await encodeJpeg(toPicture(await readRadiograph(path)), { longestSide: PICTURE_SIDE });
  return `data:image/jpeg;base64,${Buffer.from(jpeg).toString('base64')}`;
}

/** The worst drafts with the images of their studies, where the data set has them. */
async function shownCases({ predictions, dataset }: EvaluationResult, most: number): Promise<Case[]> {
  const views = new Map(dataset?.studies.map((study) => [study.id, study.views]));
  return Promise.all(
    worstCases(predictions, most).map(async ({ index, significant, minor, faults }) => {
      const { id, prediction, references } = predictions[index] as Prediction;
      const found = (views.get(id) ?? []).filter(({ path }) => path !== undefined);
      return {
        id,
        draft: prediction,
        reference: references[0] as string,
        images: await Promise.all(
          found.map(async ({ path, projection }) => ({
            url: await pictureUrl(path as string),
            label: projection,
          })),
        ),
        faults,
        scores: `${significant} significant errors, ${minor} minor`,
      };
    }),
  );
}
