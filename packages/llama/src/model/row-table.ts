/** Row tables over arrays in memory, and what can be made of any table. */
import { takeRows } from './batch.ts';
import type { RowTable } from './weights-type.ts';

/** @param values [rows, width] */
export function floatTable(values: Float32Array, width: number): RowTable {
  return {
    form: 'float32',
    take: (rows) => takeRows(values, width, rows),
    part: (first, count) => values.subarray(first * width, (first + count) * width),
  };
}

/** The first `rows` rows of a table, in float32: all of it in memory. */
export function valuesOf(table: RowTable, rows: number): Float32Array {
  if (table.form === 'float32') return table.part(0, rows) as Float32Array;
  return table.take(Int32Array.from({ length: rows }, (_, row) => row));
}
