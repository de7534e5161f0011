/**
 * The demo's base model: a tiny Llama, pretrained on report texts alone and then quantized to 4 bits. It has never seen an
 * image, nor the tags that say what an image shows: what these mean, the adapter has to teach it.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ReportProgress } from '@llama-xr/core';
import {
  createBpeTokenizer,
  type LlamaConfig,
  openPretrainingWorker,
  TRAINED_PRE,
  trainByteBpe,
  vocabularyMetadata,
  writeLlamaGguf,
} from '@llama-xr/llama';
import { type Example, parseRecipe, train } from '@llama-xr/train';

/** Half a million numbers: small enough that processor time goes into more texts, which it needs to copy sides. */
const SHAPE = { layers: 3, width: 128, feedForward: 256, heads: 4, kvHeads: 2, headSize: 32 } as const;
const VOCABULARY = 640;
/** Reports that its tokens are learned from: of more they would hardly be others. */
const VOCABULARY_TEXTS = 1500;

const RECIPE = parseRecipe(
  {
    name: 'demo-pretraining',
    rank: 1, // no adapter here: the recipe gives batches, rate and schedule
    passes: 1, // new texts teach it to copy a side from the impression; the same ones again, to remember them
    batchSize: 8,
    learningRate: 3e-3,
    schedule: 'cosine',
    warmupSteps: 20,
    beta2: 0.98, // few steps: a longer memory would still hold the first ones
    seed: 7,
  },
  'demo-pretraining',
);

/** Makes `base.gguf` in a folder, unless it is there. @returns its path. */
export async function makeTinyBase(
  folder: string,
  texts: readonly string[],
  progress: ReportProgress,
): Promise<string> {
  const path = join(folder, 'base.gguf');
  if (existsSync(path)) return path;
  const vocabulary = trainByteBpe(texts.slice(0, VOCABULARY_TEXTS), VOCABULARY);
  const config: LlamaConfig = {
    ...SHAPE,
    vocabulary: vocabulary.tokens.length,
    ropeBase: 10_000,
    rmsEps: 1e-5,
    contextLength: 512,
    tiedEmbedding: true,
  };
  const tokenizer = createBpeTokenizer(vocabulary);
  const examples = texts.map(
    (text, i): Example => ({
      id: `${i}`,
      tokens: Int32Array.from([tokenizer.eos, ...tokenizer.encode(` ${text}`), tokenizer.eos]),
      lossFrom: 1,
    }),
  );
  await using engine = await openPretrainingWorker(config, { seed: RECIPE.seed });
  const data = { passes: Array.from({ length: RECIPE.passes }, () => examples), val: [] };
  const options = {
    checkpoint: join(folder, 'pretraining.safetensors'),
    identity: JSON.stringify([RECIPE, config, texts.length]),
  };
  for await (const event of train(engine, data, RECIPE, options)) {
    if (event.type !== 'step') continue;
    progress({
      stage: 'pretrain',
      done: event.step,
      total: event.of,
      note: `loss ${event.loss.toFixed(2)}  ${event.tokensPerSecond.toFixed(0)} tok/s`,
    });
  }
  writeLlamaGguf(path, engine.weights, {
    name: 'phantom reports',
    vocabulary: vocabularyMetadata(vocabulary, TRAINED_PRE),
  });
  return path;
}
