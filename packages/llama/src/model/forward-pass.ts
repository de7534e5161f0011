/**
 * The model forward, one session run a layer: hidden states, log probabilities, logits. No more memory than one
 * layer's weights in float32 and the hidden state.
 */
import {
  type Answer,
  type Feeds,
  f32,
  input,
  open,
  type Session,
  type SessionOptions,
  type Value,
} from '@llama-xr/onnx';
import type { AdapterShape } from './adapter-shape.ts';
import { type LayerKind, layerInputs } from './base-inputs.ts';
import { asInt64, type Batch, rowsInLoss, type TokenBatch, takeRows } from './batch.ts';
import { DropoutMasks } from './dropout.ts';
import type { FrozenBase } from './frozen-base.ts';
import { logitsHead, scoringHead } from './head.ts';
import { layer, sequenceInputs, TOKENS } from './layer.ts';
import { viewOf } from './parameters.ts';
import type { Scorer } from './training-engine.ts';
import type { LlamaConfig } from './weights-type.ts';

/** Graph: one layer, x to y. */
function forwardLayer(config: LlamaConfig, kind: LayerKind, adapter: AdapterShape): { y: Value } {
  const x = input('x', f32, [TOKENS, config.width]);
  const weights = layerInputs(config, kind, adapter);
  return { y: layer(x, weights, sequenceInputs(config), config, adapter) };
}

/** The adapter tensors of one layer as views of a flat array, by their names within the layer and a prefix. */
export function adapterViews(
  { layout }: AdapterShape,
  layer: number,
  flat: Float32Array,
  prefix = '',
): Record<string, Float32Array> {
  const own = `layers.${layer}.`;
  const slots = layout.filter(({ name }) => name.startsWith(own));
  return Object.fromEntries(
    slots.map((slot) => [`${prefix}${slot.name.slice(own.length)}`, viewOf(flat, slot)]),
  );
}

type LayerSession = Session<Answer<ReturnType<typeof forwardLayer>>>;
type ScoreSession = Session<Answer<ReturnType<typeof scoringHead>>>;
type LogitsSession = Session<Answer<ReturnType<typeof logitsHead>>>;

export class ForwardPass implements Scorer {
  readonly #base: FrozenBase;
  readonly #adapter: AdapterShape;
  readonly #dropout: DropoutMasks;
  readonly #headChunk: number;
  readonly #layers: ReadonlyMap<LayerKind, LayerSession>;
  readonly #scores: ScoreSession;
  readonly #logits: LogitsSession;

  private constructor(
    base: FrozenBase,
    adapter: AdapterShape,
    headChunk: number,
    layers: ReadonlyMap<LayerKind, LayerSession>,
    scores: ScoreSession,
    logits: LogitsSession,
  ) {
    this.#base = base;
    this.#adapter = adapter;
    this.#dropout = new DropoutMasks(base.config, adapter);
    this.#headChunk = headChunk;
    this.#layers = layers;
    this.#scores = scores;
    this.#logits = logits;
  }

  /**
   * @param adapter with dropout, hidden states are those of training; for scoring it has none.
   * @param headChunk rows of the head at a time: their logits, [headChunk, V], are the largest tensor.
   */
  static async open(
    base: FrozenBase,
    adapter: AdapterShape,
    headChunk: number,
    session: SessionOptions,
  ): Promise<ForwardPass> {
    const { config } = base;
    const layers = new Map<LayerKind, LayerSession>();
    for (const kind of new Set(base.kinds))
      layers.set(kind, await open(forwardLayer(config, kind, adapter), { ...session, name: 'layer' }));
    const scores = await open(scoringHead(config), { ...session, name: 'scoring head' });
    const logits = await open(logitsHead(config), { ...session, name: 'logits head' });
    return new ForwardPass(base, adapter, headChunk, layers, scores, logits);
  }

  /**
   * The hidden state after the last layer, [B * S, E].
   * @param options.inputs takes each layer's input, where they are wanted.
   * @param options.dropoutSeed decides what is left out, where the adapter has dropout.
   */
  async hidden(
    batch: TokenBatch,
    parameters: Float32Array,
    { inputs, dropoutSeed }: { inputs?: Float32Array[]; dropoutSeed?: string | undefined } = {},
  ): Promise<Float32Array> {
    const sequence = this.#base.sequence(batch);
    let x = this.#base.embed(batch);
    for (const [layer, feeds] of this.#base.layers.entries()) {
      inputs?.push(x);
      const session = this.#layers.get(this.#base.kinds[layer] as LayerKind) as LayerSession;
      const adapter = adapterViews(this.#adapter, layer, parameters);
      const dropped = this.#dropout.feeds(batch.ids.length, layer, dropoutSeed);
      const { y } = await session.run({ x, ...sequence, ...feeds, ...adapter, ...dropped });
      x = y.data as Float32Array;
    }
    return x;
  }

  async logProbabilities(batch: Batch, parameters: Float32Array): Promise<Float32Array> {
    const hidden = await this.hidden(batch, parameters);
    const result = new Float32Array(batch.ids.length);
    for (const { chunk } of chunksOf(rowsInLoss(batch), this.#headChunk)) {
      const feeds = { labels: asInt64(chunk.map((row) => batch.labels[row] as number)) };
      const found = await this.#scores.run({ ...this.#headFeeds(hidden, chunk), ...feeds });
      chunk.forEach((row, i) => {
        result[row] = found.logProbabilities.data[i] as number;
      });
    }
    return result;
  }

  async logits(tokens: TokenBatch, rows: Int32Array, parameters: Float32Array): Promise<Float32Array> {
    const hidden = await this.hidden(tokens, parameters);
    const { vocabulary } = this.#base.config;
    const result = new Float32Array(rows.length * vocabulary);
    for (const { chunk, start } of chunksOf(rows, this.#headChunk)) {
      const { logits } = await this.#logits.run(this.#headFeeds(hidden, chunk));
      result.set(logits.data as Float32Array, start * vocabulary);
    }
    return result;
  }

  #headFeeds(hidden: Float32Array, rows: Int32Array): Feeds {
    return { x: takeRows(hidden, this.#base.config.width, rows), ...this.#base.head };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of [...this.#layers.values(), this.#scores, this.#logits])
      await session[Symbol.asyncDispose]();
  }
}

/** Cuts rows into runs of at most `size`. */
export function* chunksOf(rows: Int32Array, size: number): Generator<{ chunk: Int32Array; start: number }> {
  for (let start = 0; start < rows.length; start += size)
    yield { chunk: rows.subarray(start, start + size), start };
}
