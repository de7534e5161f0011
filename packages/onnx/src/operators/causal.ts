/**
 * Causal attention in blocks of queries: a query sees no later key, so that a block of queries meets the keys up to its
 * own end alone, and the scores above the diagonal are mostly never computed (as Dao et al. 2022, arXiv 2205.14135,
 * skip them). With n blocks (n + 1) / 2n of the work is left. Where the cuts lie is found when the graph runs.
 */
import type { Dimension, Shape } from '../dimension.ts';
import { i64, integers, node, nodes, scalar, type Value } from '../value.ts';
import { add, multiply, subtract } from './elementwise.ts';
import { concat } from './layout.ts';

/** The cuts of a sequence axis of length S into n blocks. The last ones are empty where S is less than n. */
export class CausalBlocks {
  /** The mask of each block, [M, 1, its queries, the keys up to its end]. */
  readonly masks: readonly Value[];
  readonly #count: number;
  readonly #length: Dimension;
  /** Where each block ends, an int64 vector of one element each. */
  readonly #ends: readonly Value[];
  /** How long each is, one int64 vector. */
  readonly #lengths: Value;

  /** @param mask [M, 1, S, S] */
  private constructor(mask: Value, count: number) {
    this.#count = count;
    this.#length = mask.shape[3] as Dimension;
    const whole = node('Shape', [mask], [1], { attributes: { start: 3, end: 4 }, type: i64 });
    // Rounded up: a block may have no queries, but always has keys.
    const at = (i: number) =>
      node('Div', [add(multiply(whole, integers(i)), integers(count - 1)), integers(count)], [1]);
    const cuts = Array.from({ length: count + 1 }, (_, i) => (i === 0 ? integers(0) : at(i)));
    this.#ends = cuts.slice(1);
    this.#lengths = concat(
      this.#ends.map((end, i) => subtract(end, cuts[i] as Value)),
      0,
    );
    this.masks = count === 1 ? [mask] : this.queries(mask, 2).map((rows, i) => this.keys(rows, 3, i));
  }

  /** The blocks of a mask: the same for all attention under it. */
  static of(mask: Value, count: number): CausalBlocks {
    const known = CausalBlocks.#known.get(mask) ?? new Map<number, CausalBlocks>();
    const blocks = known.get(count) ?? new CausalBlocks(mask, count);
    CausalBlocks.#known.set(mask, known.set(count, blocks));
    return blocks;
  }
  static readonly #known = new WeakMap<Value, Map<number, CausalBlocks>>();

  /** The size of a block's queries. */
  size(block: number): Dimension {
    return this.#count === 1 ? this.#length : `${this.#length}@${block}`;
  }

  /** x cut along its sequence axis. */
  queries(x: Value, axis: number): Value[] {
    if (this.#count === 1) return [x];
    const shapes = Array.from({ length: this.#count }, (_, block) => x.shape.with(axis, this.size(block)));
    return nodes('Split', [x, this.#lengths], shapes, { attributes: { axis } });
  }

  /** x along its sequence axis up to the end of a block. */
  keys(x: Value, axis: number, block: number): Value {
    if (block === this.#count - 1) return x;
    const inputs = [x, integers(0), this.#ends[block], integers(axis)];
    return node('Slice', inputs, x.shape.with(axis, this.#upTo(block)));
  }

  /** What {@link queries} cut, put together. */
  together(parts: readonly Value[], axis: number): Value {
    const [first] = parts as [Value];
    return parts.length === 1
      ? first
      : node('Concat', parts, first.shape.with(axis, this.#length), { attributes: { axis } });
  }

  /** The sum over blocks of what each gives to its keys, each shaped as {@link keys} gives them. */
  sumOverKeys(parts: readonly Value[], axis: number): Value {
    const behind: Value[] = [];
    let total = this.#whereQueries(parts, this.#count - 1);
    for (let block = this.#count - 2; block >= 0; block--) {
      const part = this.#whereQueries(parts, block);
      const shapes: Shape[] = [part.shape, part.shape.with(axis, this.size(block + 1))];
      const ends = concat([this.#ends[block] as Value, this.#lengthOf(block + 1)], 0);
      const [before, after] = nodes('Split', [total, ends], shapes, { attributes: { axis } });
      behind.unshift(after as Value);
      total = add(part, before as Value);
    }
    return this.together([total, ...behind], axis);
  }

  /** ONNX Runtime 1.30 leaves a product over no rows as the memory was: a block without queries gives 0. */
  #whereQueries(parts: readonly Value[], block: number): Value {
    const part = parts[block] as Value;
    if (block === 0) return part;
    const some = node('Greater', [this.#lengthOf(block), integers(0)], [1], { type: 'bool' });
    return node('Where', [some, part, scalar(0, part.type)], part.shape, { type: part.type });
  }

  #upTo(block: number): Dimension {
    return block === this.#count - 1 ? this.#length : `${this.#length}@0-${block}`;
  }

  #lengthOf(block: number): Value {
    return node('Gather', [this.#lengths, integers(block)], [1], { attributes: { axis: 0 } });
  }
}
