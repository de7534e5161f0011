/** Checks an evaluation that someone else made: who signed it, whether it was changed, and whether its numbers come out again. */
import { join } from 'node:path';
import { fail, type RunManifest, readJson, sha256File, verifyRecord } from '@llama-xr/core';
import { type Difference, differencesOf } from '@llama-xr/evaluation';
import type { ScoreTable } from '@llama-xr/metrics';
import { version } from '../version.ts';
import { type EvaluationConfig, MANIFEST, SCORES } from './evaluation-files.ts';

export interface Verification {
  /** Fingerprint of the key that signed. */
  readonly key: string;
  /** Name -> SHA-256 of the files that were checked. */
  readonly files: Readonly<Record<string, string>>;
  /** How many numbers were compared. */
  readonly numbers: number;
}

/**
 * @param given where predictions and data set lie now, if not where the manifest says.
 * @param score computes the scores of a configuration.
 * @throws LlamaXrError FILE_FORMAT naming what was changed, or which number does not come out.
 */
export async function verifyEvaluation(
  folder: string,
  given: Partial<Pick<EvaluationConfig, 'predictions' | 'data'>>,
  score: (config: EvaluationConfig) => Promise<{ table: ScoreTable }>,
): Promise<Verification> {
  const path = join(folder, MANIFEST);
  const manifest = (await readJson(path)) as RunManifest & { readonly config: EvaluationConfig };
  const key = verifyRecord(manifest, path);
  for (const [name, hash] of Object.entries(manifest.outputs)) await expectHash(join(folder, name), hash);
  const config = { ...manifest.config, ...given };
  await expectHash(config.predictions, manifest.inputs[manifest.config.predictions]);
  const { table } = await score(config);
  const published = await readJson(join(folder, SCORES));
  const recomputed = JSON.parse(JSON.stringify(table)) as unknown;
  const differences = differencesOf(published, recomputed);
  if (differences.length > 0)
    fail('FILE_FORMAT', inWords(folder, differences, manifest.versions['llama-xr']));
  return { key, files: manifest.outputs, numbers: numbersIn(published) };
}

async function expectHash(path: string, hash: string | undefined): Promise<void> {
  const found = await sha256File(path);
  if (found !== hash)
    fail('FILE_FORMAT', `${path}: expected the file that was signed (SHA-256 ${hash}), got ${found}`);
}

function inWords(folder: string, differences: readonly Difference[], made: string | undefined): string {
  const lines = differences.map(
    ({ path, published, recomputed }) =>
      `  ${path}: published ${JSON.stringify(published)}, recomputed ${JSON.stringify(recomputed)}`,
  );
  const versions = made === version ? '' : ` (made by version ${made}, recomputed by ${version})`;
  return `${join(folder, SCORES)}: expected the numbers that come out again${versions}:\n${lines.join('\n')}`;
}

function numbersIn(value: unknown): number {
  if (typeof value === 'number') return 1;
  if (typeof value !== 'object' || value === null) return 0;
  return Object.values(value).reduce((sum: number, inner) => sum + numbersIn(inner), 0);
}
