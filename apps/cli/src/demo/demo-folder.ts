/**
 * The demo's folder: what lies where, and what decides it. A step whose output is there and belongs to the same demo is
 * not done again.
 *
 *   phantoms/   16-bit DICOM files and what was drawn        data/   studies as prepare makes them, tags the truth
 *   features.safetensors, heads.safetensors                  read/   the same studies, tags as the heads read them
 *   base.gguf   the tiny Llama                               run/    the training run
 *   predictions.jsonl, scores.json, report.html, picture.png, picture.svg, manifest.json
 */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fail, LlamaXrError, readJson, writeJson } from '@llama-xr/core';

export interface DemoSettings {
  readonly seed: number;
  /** Phantom studies drawn. */
  readonly studies: number;
  /** Rows and columns of their images. */
  readonly pixels: number;
  /** Reports that the base model learns to write from. */
  readonly texts: number;
}

/** In 20,000 texts and fewer this base did not always learn to copy sides: docs/experiments.md. */
export const DEMO_SIZE = { studies: 600, pixels: 224, texts: 28_000 } as const;

const ELSEWHERE = 'Take another folder with --out, or remove this one.';

export class DemoFolder {
  /** Absolute, so that the run in it is found from anywhere. */
  readonly path: string;

  constructor(path: string) {
    this.path = resolve(path);
  }

  get settings(): string {
    return join(this.path, 'demo.json');
  }
  get phantoms(): string {
    return join(this.path, 'phantoms');
  }
  get data(): string {
    return join(this.path, 'data');
  }
  get features(): string {
    return join(this.path, 'features.safetensors');
  }
  get heads(): string {
    return join(this.path, 'heads.safetensors');
  }
  get read(): string {
    return join(this.path, 'read');
  }
  get run(): string {
    return join(this.path, 'run');
  }
  get predictions(): string {
    return join(this.path, 'predictions.jsonl');
  }
  get scores(): string {
    return join(this.path, 'scores.json');
  }
  get report(): string {
    return join(this.path, 'report.html');
  }
  /** Without its ending: a PNG and an SVG. */
  get picture(): string {
    return join(this.path, 'picture');
  }
  get manifest(): string {
    return join(this.path, 'manifest.json');
  }

  /** Takes the folder for these settings. @throws LlamaXrError RESUME when it holds a demo with others. */
  async claim(settings: DemoSettings): Promise<void> {
    if (!existsSync(this.settings)) {
      writeJson(this.settings, settings);
      return;
    }
    const found = await readJson(this.settings);
    const known = JSON.stringify(found);
    if (known !== JSON.stringify(settings))
      fail(
        'RESUME',
        `${this.path}: expected a demo with ${JSON.stringify(settings)}, got one with ${known}`,
        { hint: ELSEWHERE },
      );
  }

  /**
   * Runs the demo's steps in this folder.
   * @throws LlamaXrError RESUME, of the folder as a whole, where a step finds what another version of it made.
   */
  async fill<T>(steps: () => Promise<T>): Promise<T> {
    try {
      return await steps();
    } catch (error) {
      if (!(error instanceof LlamaXrError) || error.code !== 'RESUME') throw error;
      return fail('RESUME', `${this.path}: holds a demo of another version of llama-xr: ${error.message}`, {
        hint: ELSEWHERE,
        cause: error,
      });
    }
  }
}
