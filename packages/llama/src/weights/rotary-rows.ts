/**
 * The order of the rows of q and k. Hugging Face rotates the pairs (i, i + D/2) of a head, GGUF's llama models the
 * neighbours (2i, 2i + 1); the same model has its rows in another order in each. Any matrix whose rows are the
 * outputs of q or k - a weight, a LoRA B - is reordered alike.
 */

/**
 * Hugging Face's order to GGUF's: row t * D/2 + i of a head becomes row 2i + t.
 * @param matrix [heads * D, columns], row-major
 */
export function interleaveRotaryRows<T extends Float32Array | Uint8Array>(
  matrix: T,
  heads: number,
  headSize: number,
): T {
  return reorder(matrix, heads, headSize, (i, t) => [2 * i + t, t * (headSize / 2) + i]);
}

/** GGUF's order to Hugging Face's. */
export function separateRotaryRows<T extends Float32Array | Uint8Array>(
  matrix: T,
  heads: number,
  headSize: number,
): T {
  return reorder(matrix, heads, headSize, (i, t) => [t * (headSize / 2) + i, 2 * i + t]);
}

/** @param place of pair i, side t: [row to write, row to read] within a head */
function reorder<T extends Float32Array | Uint8Array>(
  matrix: T,
  heads: number,
  headSize: number,
  place: (i: number, t: number) => readonly [number, number],
): T {
  const columns = matrix.length / (heads * headSize);
  const out = matrix.slice() as T;
  for (let head = 0; head < heads; head++) {
    for (let row = 0; row < headSize; row++) {
      const [to, from] = place(row >> 1, row & 1);
      const start = (head * headSize + from) * columns;
      out.set(matrix.subarray(start, start + columns), (head * headSize + to) * columns);
    }
  }
  return out;
}
