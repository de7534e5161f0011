/**
 * The sum of float32 values in the order of PyTorch (aten/src/ATen/native/cpu/SumKernel.cpp): cascades of 16, a form of
 * pairwise summation (Higham 1993), in four times eight lanes. Float by float torch.sum on a processor with eight or
 * more lanes, in one thread; several threads cut arrays of more than 32,768 values, and sum each part so.
 */
const { fround } = Math;

const LANES = 8;
const WAYS = 4;
const LEVELS = 4;
/** Rows that are summed before their sum moves a level up. PyTorch takes more from 2^21 rows on, 2^26 values. */
const STEP_BITS = 4;

export function cascadeSum(values: Float32Array): number {
  const lanes = values.length < LANES ? 1 : LANES;
  const vectors = Math.floor(values.length / lanes);
  const rows = Math.floor(vectors / WAYS);
  const width = WAYS * lanes;
  const sums = sumRows(values, rows, width);
  for (let i = rows * width; i < vectors * lanes; i++) add(sums, i % lanes, values[i] as number);
  for (let i = lanes; i < width; i++) add(sums, i % lanes, sums[i] as number);
  const rest = values.subarray(vectors * lanes);
  return [...rest, ...sums.subarray(0, lanes)].reduce((total, value) => fround(total + value), 0);
}

/** Sums of the columns of [rows, width]. */
function sumRows(values: Float32Array, rows: number, width: number): Float32Array {
  const levels = Array.from({ length: LEVELS }, () => new Float32Array(width));
  const [lowest] = levels as [Float32Array];
  const step = 1 << STEP_BITS;
  const whole = rows - (rows % step);
  for (let row = 0; row < rows; ) {
    for (let i = 0; i < width; i++) add(lowest, i, values[row * width + i] as number);
    row++;
    if (row <= whole && row % step === 0) carry(levels, row);
  }
  for (const level of levels.slice(1))
    level.forEach((value, i) => {
      add(lowest, i, value);
    });
  return lowest;
}

/** Moves a full level's sums to the next, and on where that is full as well. */
function carry(levels: readonly Float32Array[], row: number): void {
  for (let j = 1; j < LEVELS; j++) {
    const below = levels[j - 1] as Float32Array;
    below.forEach((value, i) => {
      add(levels[j] as Float32Array, i, value);
    });
    below.fill(0);
    if ((row >> (j * STEP_BITS)) % (1 << STEP_BITS) !== 0) break;
  }
}

/** Rounded to float32, as it is stored. */
function add(sums: Float32Array, i: number, value: number): void {
  sums[i] = (sums[i] as number) + value;
}
