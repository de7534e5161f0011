/**
 * The output head over a vocabulary of any size: its matrix is read and dequantized a part at a time, and rows go through
 * each part in turn. Loss, gradient and log probabilities need each part once; see `addVocabulary`.
 */
import {
  type Answer,
  type Feeds,
  open,
  type Results,
  type Session,
  type SessionOptions,
} from '@llama-xr/onnx';
import { type Batch, takeRows } from './batch.ts';
import type { FrozenBase } from './frozen-base.ts';
import { logitsPart, normedRows, rowGradients, rowScores, vocabularyPart } from './head.ts';

export interface HeadChunks {
  /** Rows of the hidden state at a time. */
  readonly rows: number;
  /** Rows of the output matrix at a time. */
  readonly vocabulary: number;
}

/** 8 M weights of the matrix in float32, and 8 M logits, at a time. */
export const [PART_WEIGHTS, PART_LOGITS] = [2 ** 23, 2 ** 23];

export function headChunks(width: number, vocabulary: number, given: Partial<HeadChunks> = {}): HeadChunks {
  const part = given.vocabulary ?? Math.min(vocabulary, Math.ceil(PART_WEIGHTS / width));
  return { vocabulary: part, rows: given.rows ?? Math.max(64, Math.ceil(PART_LOGITS / part)) };
}

/** The type of an answer is told by who opens the graph. */
const openAny = open as unknown as (results: Results, options: SessionOptions) => Promise<AsyncDisposable>;

type PartSession = Session<Answer<ReturnType<typeof vocabularyPart>>>;
type LogitsSession = Session<Answer<ReturnType<typeof logitsPart>>>;

/** Sums over the vocabulary for some rows, in place. */
interface Rows {
  readonly normed: Float32Array;
  readonly largest: Float32Array;
  readonly total: Float32Array;
  readonly pulled?: Float32Array;
}

export class StreamedHead implements AsyncDisposable {
  readonly #base: FrozenBase;
  readonly #chunks: HeadChunks;
  readonly #session: SessionOptions;
  readonly #opened = new Map<string, Promise<AsyncDisposable>>();

  constructor(base: FrozenBase, session: SessionOptions, chunks: Partial<HeadChunks> = {}) {
    const { width, vocabulary } = base.config;
    this.#base = base;
    this.#chunks = headChunks(width, vocabulary, chunks);
    this.#session = session;
  }

  /**
   * The loss of rows of a batch, and its gradient with respect to them.
   * @param hidden [B * S, E]
   * @returns dRows [rows, E]
   */
  async learn(
    batch: Batch,
    hidden: Float32Array,
    rows: Int32Array,
  ): Promise<{ loss: number; dRows: Float32Array }> {
    const { width } = this.#base.config;
    const sums = await this.#sums(hidden, rows, true);
    const scores = await this.#scores(batch, rows, sums);
    const weights = Float32Array.from(rows, (row) => batch.weights[row] as number);
    const loss = scores.reduce((total, score, i) => total - score * (weights[i] as number), 0);
    const session = await this.#open<Answer<ReturnType<typeof rowGradients>>>('head, gradients', () =>
      rowGradients(this.#base.config),
    );
    const dRows = new Float32Array(rows.length * width);
    for (const at of this.#pieces(rows.length)) {
      const { dx } = await session.run({
        x: takeRows(hidden, width, rows.subarray(...at)),
        labelRows: this.#labelRows(batch, rows.subarray(...at)),
        weights: weights.subarray(...at),
        outputNorm: this.#base.outputNorm,
        ...this.#feedsOf(sums, at, true),
      });
      dRows.set(dx.data as Float32Array, at[0] * width);
    }
    return { loss, dRows };
  }

  /** log p of each row's label, [rows]. */
  async logProbabilities(batch: Batch, hidden: Float32Array, rows: Int32Array): Promise<Float32Array> {
    return this.#scores(batch, rows, await this.#sums(hidden, rows, false));
  }

  /** [rows, V] */
  async logits(hidden: Float32Array, rows: Int32Array): Promise<Float32Array> {
    const { vocabulary, width } = this.#base.config;
    const normed = await this.#normed(hidden, rows);
    const logits = new Float32Array(rows.length * vocabulary);
    for (const { first, count, feeds } of this.#parts()) {
      const session: LogitsSession = await this.#open(`head, logits of ${count}`, () =>
        logitsPart(this.#base.config, this.#base.headForm, count),
      );
      for (const [from, to] of this.#pieces(rows.length)) {
        const found = await session.run({ normed: normed.subarray(from * width, to * width), ...feeds });
        const values = found.logits.data as Float32Array;
        for (let row = from; row < to; row++)
          logits.set(
            values.subarray((row - from) * count, (row - from + 1) * count),
            row * vocabulary + first,
          );
      }
    }
    return logits;
  }

  /** Goes through the vocabulary once: each part is dequantized for one run of rows after another. */
  async #sums(hidden: Float32Array, rows: Int32Array, withGradient: boolean): Promise<Rows> {
    const { width } = this.#base.config;
    const sums: Rows = {
      normed: await this.#normed(hidden, rows),
      largest: new Float32Array(rows.length).fill(-3e38),
      total: new Float32Array(rows.length),
      ...(withGradient && { pulled: new Float32Array(rows.length * width) }),
    };
    for (const { count, feeds } of this.#parts()) {
      const session: PartSession = await this.#open(
        `head, part of ${count}${withGradient ? ', learning' : ''}`,
        () => vocabularyPart(this.#base.config, this.#base.headForm, count, withGradient),
      );
      for (const at of this.#pieces(rows.length)) {
        const { sums: found } = await session.run({ ...feeds, ...this.#feedsOf(sums, at, withGradient) });
        sums.largest.set(found.largest.data as Float32Array, at[0]);
        sums.total.set(found.total.data as Float32Array, at[0]);
        if (found.pulled) sums.pulled?.set(found.pulled.data as Float32Array, at[0] * width);
      }
    }
    return sums;
  }

  async #normed(hidden: Float32Array, rows: Int32Array): Promise<Float32Array> {
    const session = await this.#open<Answer<ReturnType<typeof normedRows>>>('head, norm', () =>
      normedRows(this.#base.config),
    );
    const x = takeRows(hidden, this.#base.config.width, rows);
    const { normed } = await session.run({ x, outputNorm: this.#base.outputNorm });
    return normed.data as Float32Array;
  }

  async #scores(batch: Batch, rows: Int32Array, sums: Rows): Promise<Float32Array> {
    const session = await this.#open<Answer<ReturnType<typeof rowScores>>>('head, scores', () =>
      rowScores(this.#base.config),
    );
    const scores = new Float32Array(rows.length);
    for (const at of this.#pieces(rows.length)) {
      const labelRows = this.#labelRows(batch, rows.subarray(...at));
      const { logProbabilities } = await session.run({ labelRows, ...this.#feedsOf(sums, at, false) });
      scores.set(logProbabilities.data as Float32Array, at[0]);
    }
    return scores;
  }

  #labelRows({ labels }: Batch, rows: Int32Array): Float32Array {
    return this.#base.headRows(rows.map((row) => labels[row] as number));
  }

  #feedsOf(sums: Rows, [from, to]: [number, number], withGradient: boolean): Feeds {
    const { width } = this.#base.config;
    const wide = (array: Float32Array) => array.subarray(from * width, to * width);
    return {
      normed: wide(sums.normed),
      largest: sums.largest.subarray(from, to),
      total: sums.total.subarray(from, to),
      ...(withGradient && sums.pulled && { pulled: wide(sums.pulled) }),
    };
  }

  *#parts(): Generator<{ first: number; count: number; feeds: Feeds }> {
    const { vocabulary } = this.#base.config;
    for (let first = 0; first < vocabulary; first += this.#chunks.vocabulary) {
      const count = Math.min(this.#chunks.vocabulary, vocabulary - first);
      yield { first, count, feeds: this.#base.headPart(first, count) };
    }
  }

  *#pieces(rows: number): Generator<[number, number]> {
    for (let from = 0; from < rows; from += this.#chunks.rows)
      yield [from, Math.min(rows, from + this.#chunks.rows)];
  }

  /** Each graph is opened when it is first needed: an engine that only trains makes no logits. */
  async #open<A>(name: string, graph: () => Results): Promise<Session<A>> {
    let session = this.#opened.get(name);
    if (session === undefined) {
      session = openAny(graph(), { ...this.#session, name });
      this.#opened.set(name, session);
    }
    return (await session) as Session<A>;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of this.#opened.values()) await (await session)[Symbol.asyncDispose]();
  }
}
