/**
 * A feature map seen on a coarse grid: the mean of its rectified values in each cell, as PyTorch's adaptive average
 * pooling cuts them (cells overlap where 7 is no multiple). One cell is what DenseNet itself pools.
 */
import { MAP_SHAPE } from './encoder.ts';

const [CHANNELS, ROWS] = MAP_SHAPE;

/** @param map [1024, 7, 7] before its ReLU  @returns [1024, cells, cells] */
export function gridOf(map: Float32Array, cells: number): Float32Array {
  const edges = Array.from({ length: cells }, (_, i) => ({
    from: Math.floor((i * ROWS) / cells),
    to: Math.ceil(((i + 1) * ROWS) / cells),
  }));
  const grid = new Float32Array(CHANNELS * cells * cells);
  for (let channel = 0; channel < CHANNELS; channel++) {
    const plane = map.subarray(channel * ROWS * ROWS, (channel + 1) * ROWS * ROWS);
    edges.forEach((rows, y) => {
      edges.forEach((columns, x) => {
        grid[(channel * cells + y) * cells + x] = meanOf(plane, rows, columns);
      });
    });
  }
  return grid;
}

interface Span {
  readonly from: number;
  readonly to: number;
}

function meanOf(plane: Float32Array, rows: Span, columns: Span): number {
  let sum = 0;
  for (let y = rows.from; y < rows.to; y++)
    for (let x = columns.from; x < columns.to; x++) sum += Math.max(0, plane[y * ROWS + x] as number);
  return sum / ((rows.to - rows.from) * (columns.to - columns.from));
}
