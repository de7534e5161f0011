/**
 * The frozen base in the form in which graphs are fed, and the sequences that go through it: shared by all ways of
 * running a step. Either held in memory, each weight once, or read from its file whenever it is needed.
 */
import type { Feeds } from '@llama-xr/onnx';
import { type LayerKind, layerFeeds, layerKind, matrixFeeds } from './base-inputs.ts';
import { longestText, SequenceFeeds, type TokenBatch } from './batch.ts';
import { type RopeTables, ropeTables } from './rope.ts';
import { floatTable, valuesOf } from './row-table.ts';
import type { LlamaConfig, LlamaWeights, MatrixForm, RowTable } from './weights-type.ts';

/** What stays in memory once it is read; the rest is read at each use. */
export interface Holding {
  /** The head, in float32. */
  readonly head: boolean;
  /** The layers as their file has them, or with a byte for each 4 bits, which are faster to dequantize. */
  readonly layers: 'read' | 'held' | 'held in bytes';
}

export class FrozenBase {
  readonly config: LlamaConfig;
  /** The kind of each layer: the forms of its matrices. */
  readonly kinds: readonly LayerKind[];
  /** [E] */
  readonly outputNorm: Float32Array;
  readonly #weights: LlamaWeights;
  readonly #layers: Holding['layers'];
  readonly #held = new Map<number, Feeds>();
  readonly #head: RowTable;
  readonly #embedding: RowTable;
  readonly #sequences = new SequenceFeeds();
  #tables: RopeTables | undefined;

  /** @param weights stay open while this lives: the rows of the embedding are read for each batch. */
  constructor(weights: LlamaWeights, holding: Holding) {
    const { config, embedding, output } = weights;
    this.config = config;
    this.#weights = weights;
    this.#layers = holding.layers;
    this.kinds = Array.from({ length: config.layers }, (_, layer) => layerKind(weights, layer, this));
    this.outputNorm = weights.outputNorm;
    const head = output ?? embedding;
    this.#head = holding.head ? floatTable(valuesOf(head, config.vocabulary), config.width) : head;
    this.#embedding = output === undefined ? this.#head : embedding;
  }

  /** What a layer's graph is fed with, without a prefix. */
  layer(layer: number): Feeds {
    const held = this.#held.get(layer);
    if (held !== undefined) return held;
    const feeds = layerFeeds(this.#weights, layer, this);
    if (this.#layers !== 'read') this.#held.set(layer, feeds);
    return feeds;
  }

  /** Whether 4 bits are fed as a byte each. */
  get inBytes(): boolean {
    return this.#layers === 'held in bytes';
  }

  /** Output norm [E] and head [V, E] in float32. */
  get head(): Feeds {
    return { outputNorm: this.outputNorm, head: valuesOf(this.#head, this.config.vocabulary) };
  }

  get headForm(): MatrixForm {
    return this.#head.form;
  }

  /** Rows of the head for a graph's input `head`. */
  headPart(first: number, count: number): Feeds {
    return matrixFeeds('head', this.#head.part(first, count));
  }

  /** Rows of the head by their tokens, [n, E]. */
  headRows(tokens: Int32Array): Float32Array {
    return this.#head.take(tokens);
  }

  /** Vectors of a batch's tokens, [B * S, E]. */
  embed({ ids }: TokenBatch): Float32Array {
    return this.#embedding.take(ids);
  }

  /** Positions, rotary tables and mask of a batch. */
  sequence(batch: TokenBatch): Feeds {
    // As long as rows are, since ONNX Runtime asks for it: a packed row is longer than the texts in it.
    const longest = Math.max(longestText(batch), batch.sequence);
    if (this.#tables === undefined || this.#tables.positions < longest) {
      const room = Math.max(longest, Math.min(this.config.contextLength, Math.max(512, 2 * longest)));
      this.#tables = ropeTables(this.#weights, room);
    }
    return this.#sequences.feeds(batch, this.#tables);
  }
}
