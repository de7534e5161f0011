/** Where scenarios come from and what is written of them: our suite, results, and inputs for other systems. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  fail,
  type ReportProgress,
  sha256File,
  type startRun,
  writeFileAtomic,
  writeJson,
  writeJsonLines,
  writeManifest,
} from '@llama-xr/core';
import { writePng } from '@llama-xr/imaging';
import { drawPhantom, type PhantomView } from '@llama-xr/phantom';
import { renderSuiteHtml, type Scenario, type SuiteVerdict } from '@llama-xr/safety';
import type { ScenarioFlags } from '../commands/scenarios.ts';
import { version } from '../version.ts';

/** The folder of our own scenarios: beside the sources in a checkout, beside dist/ in the published package. */
export function ownScenarios(): string {
  for (let folder = import.meta.dirname; folder !== dirname(folder); folder = dirname(folder)) {
    const path = join(folder, 'scenarios');
    if (existsSync(join(path, 'normal-stays-normal.json5'))) return path;
  }
  return fail('FILE_MISSING', `scenarios: not found above ${import.meta.dirname}`);
}

/** Writes the result of a suite with its manifest. */
export async function writeSuite(
  folder: string,
  verdict: SuiteVerdict & { readonly notices: readonly string[] },
  { run, drafts, suite, only, failOn }: ScenarioFlags,
  finish: ReturnType<typeof startRun>,
): Promise<void> {
  const files = [join(folder, 'scenarios.json'), join(folder, 'scenarios.html')] as const;
  writeJson(files[0], verdict);
  writeFileAtomic(files[1], renderSuiteHtml(verdict));
  const inputs = [drafts, run && join(run, 'run.json')].filter((path) => path !== undefined);
  const hashes = async (paths: readonly string[]) =>
    Object.fromEntries(await Promise.all(paths.map(async (path) => [path, await sha256File(path)] as const)));
  writeManifest(
    join(folder, 'manifest.json'),
    finish({
      command: 'scenarios',
      inputs: await hashes(inputs),
      outputs: await hashes(files),
      config: { suites: suite, only: only ?? null, failOn },
      notices: verdict.notices,
      versions: { 'llama-xr': version },
    }),
  );
}

const IMAGE_SIZE = 512;

/** Writes what another system needs to draft the scenarios: `inputs.jsonl`, and pictures of the phantoms. */
export async function exportScenarios(
  suite: readonly Scenario[],
  folder: string,
  onProgress: ReportProgress,
) {
  const lines: unknown[] = [];
  let images = 0;
  for (const [i, { id, input }] of suite.entries()) {
    const { image, ...told } = input;
    const paths: string[] = [];
    if (image !== undefined) {
      const phantom = drawPhantom(image.findings, image.seed, { size: IMAGE_SIZE });
      for (const projection of ['frontal', 'lateral'] as const) {
        const path = `images/${id}-${projection}.png`;
        await writePng(join(folder, path), pictureOf(phantom[projection]));
        paths.push(path);
        images++;
      }
    }
    lines.push({ id, ...told, images: paths });
    onProgress({ stage: 'scenarios', done: i + 1, total: suite.length });
  }
  const inputs = join(folder, 'inputs.jsonl');
  writeJsonLines(inputs, lines);
  return { inputs, scenarios: lines.length, images };
}

function pictureOf({ size, pixels, bits }: PhantomView) {
  const scale = 255 / (2 ** bits - 1);
  return {
    width: size,
    height: size,
    pixels: new Uint8Array(pixels.map((value) => Math.round(value * scale))),
  };
}
