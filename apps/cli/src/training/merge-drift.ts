/**
 * What merging does to a loss: the same examples under the 4-bit base, under base and adapter kept apart, and under the
 * merged file, all by the training engine.
 */
import { readText } from '@llama-xr/core';
import {
  loadAdapter,
  loadTokenizer,
  openBaseWeights,
  openTrainingWorker,
  restoreAdapter,
  type TrainingEngine,
} from '@llama-xr/llama';
import { openGguf } from '@llama-xr/tensor';
import { collate, type Example, lossWeight } from '@llama-xr/train';
import type { Terminal } from '../terminal.ts';

export interface LossDrift {
  readonly examples: number;
  /** Tokens in the loss. */
  readonly tokens: number;
  /** Mean negative log probability of a token. */
  readonly base: number;
  readonly adapter: number;
  readonly merged: number;
}

interface DriftSources {
  readonly base: string;
  readonly adapter: string;
  readonly merged: string;
  readonly examples: readonly Example[];
  readonly threads?: number | undefined;
}

/** Tokens of a window of a text: long enough for a language model to find its footing. */
const WINDOW = 256;

/** A text file as examples, all of its tokens in the loss. */
export async function textExamples(path: string, base: string): Promise<Example[]> {
  using gguf = openGguf(base);
  const tokenizer = loadTokenizer(gguf);
  const tokens = tokenizer.encode(await readText(path));
  const start = tokenizer.addsBos && tokenizer.bos !== undefined ? [tokenizer.bos] : [];
  const windows = Array.from({ length: Math.ceil(tokens.length / WINDOW) }, (_, i) => [
    ...start,
    ...tokens.slice(i * WINDOW, (i + 1) * WINDOW),
  ]);
  return windows
    .filter((window) => window.length > 1)
    .map((window, i) => ({ id: `${path}:${i}`, tokens: Int32Array.from(window), lossFrom: 1 }));
}

export async function measureLossDrift(sources: DriftSources, terminal: Terminal): Promise<LossDrift> {
  const { base, merged, examples, threads } = sources;
  const common = { mode: 'layered', ...(threads !== undefined && { threads }) } as const;
  const adapter = readAdapter(sources.adapter, base);
  const losses: number[] = [];
  const measure = async (engine: TrainingEngine) => {
    losses.push(await meanLoss(engine, examples, losses.length, terminal));
  };
  {
    await using engine = await openTrainingWorker(base, {
      ...common,
      rank: adapter.rank,
      alpha: adapter.alpha,
    });
    // A fresh adapter says nothing: its B is 0.
    await measure(engine);
    restoreAdapter(engine, adapter);
    await measure(engine);
  }
  await using engine = await openTrainingWorker(merged, { ...common, rank: 0 });
  await measure(engine);
  const [ofBase, ofAdapter, ofMerged] = losses as [number, number, number];
  return {
    examples: examples.length,
    tokens: lossWeight(examples),
    base: ofBase,
    adapter: ofAdapter,
    merged: ofMerged,
  };
}

function readAdapter(path: string, base: string) {
  using weights = openBaseWeights(base);
  return loadAdapter(path, weights.config);
}

async function meanLoss(
  engine: TrainingEngine,
  examples: readonly Example[],
  round: number,
  terminal: Terminal,
): Promise<number> {
  const total = lossWeight(examples);
  let loss = 0;
  for (const [i, example] of examples.entries()) {
    loss += await engine.loss(collate([example], total));
    terminal.progress({ stage: 'drift', done: round * examples.length + i + 1, total: 3 * examples.length });
  }
  return loss;
}
