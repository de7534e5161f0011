/** A batch of token sequences, checked, and what a graph is fed with for it. */
import { fail } from '@llama-xr/core';
import type { Feeds } from '@llama-xr/onnx';
import type { ProjectorShape } from '../fusion/projector.ts';
import type { RopeTables } from './rope.ts';
import { causalMask, checkSegments, positionsOf, segmentMask } from './segments.ts';
import type { LlamaConfig } from './weights-type.ts';

/** B sequences of S tokens, padded at the right. Arrays are [B * S], row after row. */
export interface TokenBatch {
  readonly batch: number;
  readonly sequence: number;
  readonly ids: Int32Array;
  /**
   * Several texts in one row: tokens see only those before them with the same number, and positions start anew where
   * the number changes. Absent: each row is one text.
   */
  readonly segments?: Int32Array;
  /**
   * [B]: how many tokens at the start of a row all its segments share. Each sees them, and counts its positions on from
   * them. Needs `segments`; their numbers within the prefix count for nothing.
   */
  readonly prefixes?: Int32Array;
  /** Positions whose vectors come from images; what `ids` has there counts for nothing. */
  readonly soft?: SoftRows;
}

/** Soft tokens of a batch, N of them. Needs an engine with a projector. */
export interface SoftRows {
  /** [N]: positions in [B * S], each once. */
  readonly rows: Int32Array;
  /** [N]: which of the K soft tokens of a prompt each is. */
  readonly slots: Int32Array;
  /** [N, C], zeros where absent. */
  readonly features: Float32Array;
  /** [N]: 1 where the features are there, 0 where the projector puts a learned absence. */
  readonly present: Uint8Array;
}

/** Tokens and what is to be learned from them. */
export interface Batch extends TokenBatch {
  /** The token that comes next at each position. */
  readonly labels: Int32Array;
  /** The weight of each position in the loss, normalised: 1 / (tokens in the loss), and 0 outside it. */
  readonly weights: Float32Array;
}

/** @throws LlamaXrError INPUT naming what is wrong and where. */
export function checkTokens(batch: TokenBatch, config: LlamaConfig): void {
  const { batch: B, sequence: S, ids } = batch;
  const whole = (n: number) => Number.isInteger(n) && n >= 1;
  if (!whole(B) || !whole(S))
    fail('INPUT', `batch: expected whole numbers of rows and tokens, got ${B} x ${S}`);
  checkLength('ids', ids, B, S);
  checkSegments(batch);
  const longest = longestText(batch);
  if (longest > config.contextLength)
    fail(
      'INPUT',
      `batch: expected at most ${config.contextLength} tokens a text (the model's context), got ${longest}`,
    );
  checkIds('ids', ids, config, () => true);
}

/** Tokens of the longest text: a row, or a segment with its prefix. */
export function longestText(batch: TokenBatch): number {
  if (batch.segments === undefined) return batch.sequence;
  return positionsOf(batch).reduce((longest, position) => Math.max(longest, position + 1), 0);
}

/** As {@link checkTokens}, labels and weights too. */
export function checkBatch(batch: Batch, config: LlamaConfig): void {
  checkTokens(batch, config);
  const { batch: B, sequence: S, labels, weights } = batch;
  checkLength('labels', labels, B, S);
  checkLength('weights', weights, B, S);
  if (!weights.every(Number.isFinite)) fail('INPUT', 'batch weights: expected finite numbers');
  checkIds('labels', labels, config, (i) => weights[i] !== 0);
}

function checkLength(name: string, array: ArrayLike<number>, B: number, S: number): void {
  if (array.length !== B * S)
    fail('INPUT', `batch ${name}: expected ${B} x ${S} elements, got ${array.length}`);
}

function checkIds(
  name: string,
  ids: Int32Array,
  { vocabulary }: LlamaConfig,
  counts: (i: number) => boolean,
): void {
  const wrong = ids.findIndex((id, i) => !(id >= 0 && id < vocabulary) && counts(i));
  if (wrong >= 0)
    fail(
      'INPUT',
      `batch ${name}: expected tokens from 0 to ${vocabulary - 1}, got ${ids[wrong]} at ${wrong}`,
    );
}

/**
 * @param shape of the engine's projector, undefined where it has none.
 * @throws LlamaXrError INPUT where soft tokens do not fit it.
 */
export function checkSoft(batch: TokenBatch, shape: ProjectorShape | undefined): void {
  if (batch.soft === undefined) return;
  if (shape === undefined) fail('INPUT', 'batch soft: expected an engine with a projector, got none');
  const { rows, slots, features, present } = batch.soft;
  const N = rows.length;
  if (slots.length !== N || present.length !== N || features.length !== N * shape.features)
    fail(
      'INPUT',
      `batch soft: expected ${N} slots, ${N} flags and ${N} x ${shape.features} features, got ${slots.length}, ${present.length} and ${features.length}`,
    );
  const within = (array: Int32Array, end: number) => array.every((n) => n >= 0 && n < end);
  if (!within(rows, batch.ids.length) || new Set(rows).size !== N)
    fail('INPUT', `batch soft: rows: expected each of 0 to ${batch.ids.length - 1} at most once`);
  if (!within(slots, shape.slots))
    fail('INPUT', `batch soft: slots: expected numbers from 0 to ${shape.slots - 1}`);
  if (!features.every(Number.isFinite)) fail('INPUT', 'batch soft: features: expected finite numbers');
}

/** Positions that have a weight in the loss. */
export function rowsInLoss({ weights }: Batch): Int32Array {
  const rows = Int32Array.from(weights.keys()).filter((i) => weights[i] !== 0);
  if (rows.length === 0) fail('INPUT', 'batch weights: expected at least one token in the loss, got none');
  return rows;
}

/** Makes what {@link sequenceInputs} are fed with; remembers the causal masks it made. */
export class SequenceFeeds {
  readonly #masks = new Map<number, Float32Array>();

  feeds(batch: TokenBatch, tables: RopeTables): Feeds {
    const { batch: B, sequence: S, segments } = batch;
    const half = tables.cosine.length / tables.positions;
    return {
      positions: { shape: [B, S], data: asInt64(positionsOf(batch)) },
      cosine: { shape: [tables.positions, half], data: tables.cosine },
      sine: { shape: [tables.positions, half], data: tables.sine },
      mask:
        segments === undefined
          ? { shape: [1, 1, S, S], data: this.#causal(S) }
          : { shape: [B, 1, S, S], data: segmentMask(batch) },
    };
  }

  #causal(S: number): Float32Array {
    let mask = this.#masks.get(S);
    if (mask === undefined) {
      mask = causalMask(S);
      this.#masks.set(S, mask);
    }
    return mask;
  }
}

/** Rows of a table [*, width] by index, [n, width]: the embedding of tokens, or some rows of a hidden state. */
export function takeRows(table: Float32Array, width: number, rows: Int32Array): Float32Array {
  const taken = new Float32Array(rows.length * width);
  rows.forEach((row, i) => {
    taken.set(table.subarray(row * width, (row + 1) * width), i * width);
  });
  return taken;
}

export function asInt64(numbers: Int32Array): BigInt64Array {
  return BigInt64Array.from(numbers, BigInt);
}
