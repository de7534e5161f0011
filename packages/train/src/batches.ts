/**
 * A pass as batches: examples of like length share a batch, so that little is padding, or rows are packed with several
 * examples. The order of the batches is drawn anew for each pass, from the seed and the pass alone, so that a resumed run
 * needs no more than its step number to go on exactly.
 */
import { Random } from '@llama-xr/core';
import type { Example } from './example.ts';
import { packRows, plainRow, type Row, rowLength } from './packing.ts';
import type { Recipe } from './recipe.ts';

/** What of a recipe decides the batches. */
export type BatchRules = Pick<Recipe, 'batchSize' | 'packing' | 'sharePrefix' | 'rowTokens' | 'maxTokens'>;

/** Examples of like length that are packed together: many enough to fill gaps, few enough to stay alike. */
const GROUP_BATCHES = 8;

/** The batches of one pass. A packed batch holds about `batchSize` examples, in whole rows. */
export function planPass(examples: readonly Example[], rules: BatchRules, random: Random): Row[][] {
  return random.shuffle(inBatches(random.shuffle(examples), rules));
}

/** Examples by length, as batches. */
export function inBatches(examples: readonly Example[], rules: BatchRules): Row[][] {
  const { batchSize, packing } = rules;
  const order = examples.toSorted((a, b) => a.tokens.length - b.tokens.length);
  if (!packing) return slices(inRows(order, rules), batchSize);
  const rows = slices(order, GROUP_BATCHES * batchSize)
    .flatMap((group) => inRows(group, rules))
    .sort((a, b) => rowLength(a) - rowLength(b));
  return batchesOf(rows, batchSize);
}

/** Examples of one batch as rows: packed where the rules say so. */
export function inRows(examples: readonly Example[], rules: BatchRules): Row[] {
  const { packing, sharePrefix, rowTokens, maxTokens } = rules;
  return packing
    ? packRows(examples, { rowTokens: rowTokens || maxTokens, sharePrefix })
    : examples.map(plainRow);
}

/** Rows in batches of about so many examples: a row joins where that brings the batch no further from it. */
function batchesOf(rows: readonly Row[], batchSize: number): Row[][] {
  const batches: Row[][] = [];
  let count = batchSize;
  for (const row of rows) {
    const more = row.examples.length;
    if (Math.abs(count + more - batchSize) <= Math.abs(count - batchSize)) {
      batches.at(-1)?.push(row);
      count += more;
    } else {
      batches.push([row]);
      count = more;
    }
  }
  return batches;
}

export function slices<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  );
}

/** The random source of a pass: decided by seed and pass, by nothing that happened before. */
export const passRandom = (seed: number, pass: number): Random => new Random(`${seed}:pass ${pass}`);
