/**
 * What training saw and what generation sees are the same: adapter and projector of an engine, saved, opened in llama.cpp and
 * ONNX Runtime, and the same text scored behind the same images by both.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '@llama-xr/core';
import {
  adapterOf,
  loadProjector,
  loadTokenizer,
  openBaseWeights,
  openTrainingEngine,
  saveAdapter,
  saveProjector,
} from '@llama-xr/llama';
import { openGenerator, type SoftTokens } from '@llama-xr/llamacpp';
import { openGguf } from '@llama-xr/tensor';
import { expect, test } from 'vitest';

const models = process.env.LLAMA_XR_MODELS;
const base = join(models ?? '', 'smollm2-135m-instruct-q4_1.gguf');

/** Pooled vectors of a frontal view, and of a lateral one that was not taken. */
const SETTINGS = { pooled: true, grid: 0 };
const SHAPE = { slots: 2, features: 8, hidden: 16 };

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

test.skipIf(models === undefined)(
  'llama.cpp gives a text behind soft tokens the log probabilities of our own forward pass (needs LLAMA_XR_MODELS)',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'llama-xr-parity-'));
    using weights = openBaseWeights(base);
    await using engine = await openTrainingEngine(weights, {
      rank: 4,
      projector: SHAPE,
      mode: 'layered',
      threads: 1,
    });
    const { layout, parameters, config } = engine;
    const adapterEnd = layout.find(({ name }) => name.startsWith('projector.'))?.offset ?? 0;
    for (let i = 0; i < adapterEnd; i++) parameters[i] = 0.03 * Math.sin(i);
    saveAdapter(folder, adapterOf(engine), { base });
    const [mean0, ones] = [new Float32Array(16), new Float32Array(16).fill(1)];
    const path = join(folder, 'projector.safetensors');
    saveProjector(
      path,
      { layout, parameters, width: config.width },
      { settings: SETTINGS, scale: { mean: mean0, deviation: ones }, encoderHash: 'x' },
    );

    using gguf = openGguf(base);
    const tokenizer = loadTokenizer(gguf);
    const [before, after] = [tokenizer.encode('Images:'), tokenizer.encode('\nReport:')];
    const told = tokenizer.encode(' The heart is enlarged. There is a small left pleural effusion.');
    const tokens = [...before, 0, 0, ...after, ...told];
    const from = tokens.length - told.length;
    const random = new Random(1);
    const features = Float32Array.from({ length: 16 }, (_, i) => (i < 8 ? 2 * random.normal() : 0));
    const present = Uint8Array.of(1, 0);
    const ours = await engine.logProbabilities({
      batch: 1,
      sequence: tokens.length - 1,
      ids: Int32Array.from(tokens.slice(0, -1)),
      labels: Int32Array.from(tokens.slice(1)),
      weights: Float32Array.from({ length: tokens.length - 1 }, (_, i) =>
        i >= from - 1 ? 1 / told.length : 0,
      ),
      soft: {
        rows: Int32Array.of(before.length, before.length + 1),
        slots: Int32Array.of(0, 1),
        features,
        present,
      },
    });

    await using projector = await loadProjector(path);
    const softOf = async (sign: number): Promise<SoftTokens> => ({
      from: before.length,
      vectors: await projector.project({ features: features.map((f) => sign * f), present }),
    });
    await using generator = await openGenerator({
      base,
      adapter: join(folder, 'adapter.gguf'),
      contextTokens: 128,
      threads: 1,
      parallel: 2,
    });
    const requests = [1, -1].map(async (sign) => ({ id: `${sign}`, tokens, from, soft: await softOf(sign) }));
    const distance = new Map<string, number>();
    for await (const { id, logProbabilities } of generator.score(await Promise.all(requests)))
      distance.set(id, mean(logProbabilities.map((p, i) => Math.abs(p - (ours[from - 1 + i] as number)))));
    // On the CPU llama.cpp rounds activations to 8 bits: packages/llamacpp/README.md.
    expect(distance.get('1')).toBeLessThan(0.1);
    expect(distance.get('-1')).toBeGreaterThan(2 * (distance.get('1') as number));
    rmSync(folder, { recursive: true });
  },
  300_000,
);
