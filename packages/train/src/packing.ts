/**
 * Rows that hold several examples, so that no token is padding: first-fit decreasing (Johnson 1974) up to a number of
 * tokens, within groups of like length. Examples of a row that begin alike may share their beginning, which is then
 * computed once. Both are a matter of layout: the loss of each example, and its gradient, stay as they are.
 */
import type { Batch, SoftRows } from '@llama-xr/llama';
import type { Example } from './example.ts';

/** What stands in one row of a batch. */
export interface Row {
  readonly examples: readonly Example[];
  /** How many tokens at their beginning the examples share; 0 where each stands in full. */
  readonly prefix: number;
}

export interface PackingOptions {
  /** Longest row, in positions; a longer example gets a row of its own. */
  readonly rowTokens: number;
  /** Examples of a row share what they have in common at their beginning. */
  readonly sharePrefix: boolean;
}

/** Position i predicts token i + 1, so an example of n tokens takes n - 1 positions. */
const positions = ({ tokens }: Example): number => tokens.length - 1;

/** Positions of a row: the prefix once, then what is left of each example. */
export const rowLength = ({ examples, prefix }: Row): number =>
  examples.reduce((sum, example) => sum + positions(example) - prefix, prefix);

/** A row of one example in full. */
export const plainRow = (example: Example): Row => ({ examples: [example], prefix: 0 });

/**
 * Fills rows with examples, the longest first, each into the row where it adds fewest positions; of equal ones the
 * first. Decided by the order of the examples alone.
 */
export function packRows(examples: readonly Example[], { rowTokens, sharePrefix }: PackingOptions): Row[] {
  const rows: Row[] = [];
  for (const example of examples.toSorted((a, b) => b.tokens.length - a.tokens.length)) {
    let best = { index: rows.length, row: plainRow(example), added: positions(example) + 1 };
    for (const [index, row] of rows.entries()) {
      const joined = joinRow(row, example, sharePrefix);
      const length = rowLength(joined);
      const added = length - rowLength(row);
      if (length <= rowTokens && added < best.added) best = { index, row: joined, added };
    }
    rows[best.index] = best.row;
  }
  return rows;
}

function joinRow(row: Row, example: Example, sharePrefix: boolean): Row {
  const examples = [...row.examples, example];
  if (!sharePrefix) return { examples, prefix: 0 };
  const first = row.examples[0] as Example;
  const before = row.examples.length === 1 ? Number.POSITIVE_INFINITY : row.prefix;
  return { examples, prefix: Math.min(before, sharedPositions(first, example)) };
}

/**
 * How many positions two examples may share: their tokens agree, and what comes next agrees too, so that one
 * prediction stands for both. Each example keeps at least one position of its own. Placeholders look alike, what stands
 * for them does not: soft tokens are shared only where they are those of one study.
 */
function sharedPositions({ tokens: a, soft: softA }: Example, { tokens: b, soft: softB }: Example): number {
  const alike = softA?.features === softB?.features && softA?.from === softB?.from;
  const soft = alike ? [] : [softA, softB].flatMap((own) => own?.from ?? []);
  const most = Math.min(a.length - 1, b.length - 1, ...soft);
  let common = 0;
  while (common < most && a[common] === b[common]) common++;
  return Math.max(0, common - 1);
}

/** A batch of one example a row, see {@link collateRows}. */
export const collate = (examples: readonly Example[], total: number): Batch =>
  collateRows(examples.map(plainRow), total);

/**
 * Lays rows out as a batch. Weights of a prediction that several examples share add up.
 * @param total what the weights are divided by: `lossWeight` of all examples of the optimizer step.
 */
export function collateRows(rows: readonly Row[], total: number): Batch {
  const sequence = Math.max(...rows.map(rowLength));
  const size = rows.length * sequence;
  const ids = new Int32Array(size);
  const labels = new Int32Array(size);
  const weights = new Float64Array(size);
  const segments = new Int32Array(size);
  const soft = new SoftCollector();
  rows.forEach(({ examples, prefix }, row) => {
    const start = row * sequence;
    let next = start + prefix;
    examples.forEach((example, number) => {
      const { tokens, lossFrom, tokenWeights } = example;
      const place = (i: number) => (i < prefix ? start + i : next + i - prefix);
      for (let i = 0; i < positions(example); i++) {
        const at = place(i);
        ids[at] = tokens[i] as number;
        labels[at] = tokens[i + 1] as number;
        segments[at] = number;
        if (i + 1 < lossFrom) continue;
        weights[at] = (weights[at] as number) + (tokenWeights?.[i + 1 - lossFrom] ?? 1) / total;
      }
      soft.add(example, (i) => (i >= prefix || number === 0 ? place(i) : undefined));
      next += positions(example) - prefix;
    });
    // Padding: each token a segment of its own, so that none is far from its row's start.
    for (let number = examples.length; next < start + sequence; number++) segments[next++] = number;
  });
  const batch = {
    batch: rows.length,
    sequence,
    ids,
    labels,
    weights: Float32Array.from(weights),
    ...soft.found(),
  };
  if (rows.every(({ examples }) => examples.length === 1)) return batch;
  return { ...batch, segments, prefixes: Int32Array.from(rows, ({ prefix }) => prefix) };
}

/** Gathers the soft tokens of a batch. */
class SoftCollector {
  readonly #rows: number[] = [];
  readonly #slots: number[] = [];
  readonly #present: number[] = [];
  readonly #features: Float32Array[] = [];

  /** @param place the position in the batch of a token of the example; undefined where another stands for it. */
  add({ soft }: Example, place: (token: number) => number | undefined): void {
    if (soft === undefined) return;
    const width = soft.features.length / soft.present.length;
    soft.present.forEach((present, slot) => {
      const row = place(soft.from + slot);
      if (row === undefined) return;
      this.#rows.push(row);
      this.#slots.push(slot);
      this.#present.push(present);
      this.#features.push(soft.features.subarray(slot * width, (slot + 1) * width));
    });
  }

  found(): { soft?: SoftRows } {
    const [first] = this.#features;
    if (first === undefined) return {};
    const features = new Float32Array(this.#features.length * first.length);
    this.#features.forEach((row, i) => {
      features.set(row, i * first.length);
    });
    return {
      soft: {
        rows: Int32Array.from(this.#rows),
        slots: Int32Array.from(this.#slots),
        features,
        present: Uint8Array.from(this.#present),
      },
    };
  }
}
