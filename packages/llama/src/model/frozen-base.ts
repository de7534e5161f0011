/**
 * The frozen base in the form in which graphs are fed, and the sequences that go through it: shared by all ways of
 * running a step.
 */
import type { Feeds } from '@llama-xr/onnx';
import { type LayerKind, layerFeeds, layerKind } from './base-inputs.ts';
import { longestText, SequenceFeeds, type TokenBatch, takeRows } from './batch.ts';
import { type RopeTables, ropeTables } from './rope.ts';
import type { LlamaConfig, LlamaWeights } from './weights-type.ts';

/** Reads all weights when it is made: a loader may dequantize at each call, and may be closed afterwards. */
export class FrozenBase {
  readonly config: LlamaConfig;
  /** The kind of each layer: which matrices are packed. */
  readonly kinds: readonly LayerKind[];
  /** Feeds of each layer, without a prefix. */
  readonly layers: readonly Feeds[];
  /** Output norm [E] and head [V, E]. */
  readonly head: Feeds;
  readonly #embedding: Float32Array;
  readonly #rope: Pick<LlamaWeights, 'config' | 'ropeFactors'>;
  readonly #sequences = new SequenceFeeds();
  #tables: RopeTables | undefined;

  constructor(weights: LlamaWeights) {
    const { config, embedding, ropeFactors } = weights;
    this.config = config;
    this.#embedding = embedding;
    this.#rope = ropeFactors === undefined ? { config } : { config, ropeFactors };
    const numbers = Array.from({ length: config.layers }, (_, layer) => layer);
    this.layers = numbers.map((layer) => layerFeeds(weights, layer));
    this.kinds = this.layers.map(layerKind);
    this.head = { outputNorm: weights.outputNorm, head: weights.output ?? embedding };
  }

  /** Vectors of a batch's tokens, [B * S, E]. */
  embed({ ids }: TokenBatch): Float32Array {
    return takeRows(this.#embedding, this.config.width, ids);
  }

  /** Positions, rotary tables and mask of a batch. */
  sequence(batch: TokenBatch): Feeds {
    const longest = longestText(batch);
    if (this.#tables === undefined || this.#tables.positions < longest) {
      const room = Math.min(this.config.contextLength, Math.max(512, 2 * longest));
      this.#tables = ropeTables(this.#rope, room);
    }
    return this.#sequences.feeds(batch, this.#tables);
  }
}
