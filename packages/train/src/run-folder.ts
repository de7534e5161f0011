/**
 * The run folder: what a training run leaves, and all that `generate` needs of it.
 *
 *   run.json               base, data, recipe and notices, the first two by hash
 *   log.jsonl              one event a line: steps, validations, checkpoints
 *   curves.html            the log as a page of curves, written anew at each look at val
 *   tensorboard/           the log as an event file of TensorBoard, where it was asked for
 *   checkpoint.safetensors parameters and optimizer, to resume
 *   best.safetensors       parameters of the best look at val, where the recipe keeps them
 *   reference.safetensors  what preference tuning measures from, where the recipe has it
 *   adapter/               PEFT files and adapter.gguf
 *   projector.safetensors  the projector of image features, in fusions by sight
 *   manifest.json          the run manifest
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fail, readJson, readJsonLines, writeJson } from '@llama-xr/core';
import { z } from 'zod';
import { Recipe } from './recipe.ts';

const HashedPath = z.object({ path: z.string(), sha256: z.string() });

const RunDescription = z.object({
  version: z.literal(1),
  base: HashedPath,
  data: HashedPath,
  recipe: Recipe,
  /** The adapter that training began from, where it was not LoRA's own start, and the projector beside it. */
  from: HashedPath.extend({ projector: HashedPath.optional() }).optional(),
  /** Drafts of training studies that preference tuning holds the reports against. */
  rejected: HashedPath.optional(),
  /** Where the findings came from images: the encoder as it was named, its features, the heads that read tags from them. */
  images: z.object({ encoder: z.string(), features: HashedPath, heads: HashedPath.optional() }).optional(),
  /** Words that must stand on everything made from this run: `simulated scores`, ... */
  notices: z.array(z.string()),
});
export type RunDescription = z.infer<typeof RunDescription>;

export class RunFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  get description(): string {
    return join(this.path, 'run.json');
  }
  get log(): string {
    return join(this.path, 'log.jsonl');
  }
  get curves(): string {
    return join(this.path, 'curves.html');
  }
  get tensorboard(): string {
    return join(this.path, 'tensorboard', 'events.out.tfevents.0.llama-xr');
  }
  get checkpoint(): string {
    return join(this.path, 'checkpoint.safetensors');
  }
  get best(): string {
    return join(this.path, 'best.safetensors');
  }
  get reference(): string {
    return join(this.path, 'reference.safetensors');
  }
  get adapter(): string {
    return join(this.path, 'adapter');
  }
  get adapterGguf(): string {
    return join(this.adapter, 'adapter.gguf');
  }
  get projector(): string {
    return join(this.path, 'projector.safetensors');
  }
  get manifest(): string {
    return join(this.path, 'manifest.json');
  }

  /** True once a run has been started here. */
  get exists(): boolean {
    return existsSync(this.description);
  }

  write(description: RunDescription): void {
    writeJson(this.description, description);
  }

  /** Seconds of all steps and validations that count, those before a resume too. */
  async secondsLogged(): Promise<number> {
    let total = 0;
    for await (const { value } of readJsonLines(this.log)) {
      const { seconds } = value as { seconds?: number };
      total += seconds ?? 0;
    }
    return total;
  }

  /** @throws LlamaXrError FILE_MISSING, FILE_FORMAT naming the field. */
  async read(): Promise<RunDescription> {
    const parsed = RunDescription.safeParse(await readJson(this.description));
    if (parsed.success) return parsed.data;
    const issue = parsed.error.issues[0];
    return fail('FILE_FORMAT', `${this.description}: ${issue?.path.join('.')}: ${issue?.message}`);
  }
}
