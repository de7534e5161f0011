/**
 * A score of a whole run as a function of which reports are in it, so that resampling can ask for it again and again. A mean of
 * per-report values is one; a corpus score (micro F1, BLEU) is another: sums over the reports, and a formula of the sums.
 */
import { fail } from '@llama-xr/core';

/** The score of the reports at these indices, where one may come several times or not at all. */
export type Statistic = (sample: ArrayLike<number>) => number;

export function meanOf(values: ArrayLike<number>): Statistic {
  return (sample) => {
    let sum = 0;
    for (let i = 0; i < sample.length; i++) sum += values[sample[i] as number] as number;
    return sum / sample.length;
  };
}

/** Counts of a report, as wide for all reports: what a corpus score sums. */
export interface CountRows {
  readonly reports: number;
  readonly width: number;
  /** [reports, width] */
  readonly counts: Float64Array;
}

/** @throws LlamaXrError INPUT for rows of different widths. */
export function countRows(rows: readonly ArrayLike<number>[]): CountRows {
  const width = rows[0]?.length ?? 0;
  const counts = new Float64Array(rows.length * width);
  rows.forEach((row, i) => {
    if (row.length !== width) fail('INPUT', `counts of report ${i}: expected ${width}, got ${row.length}`);
    counts.set(row, i * width);
  });
  return { reports: rows.length, width, counts };
}

/** @param formula the score, from the sums over the reports of a sample; it must not keep them. */
export function corpusOf(rows: CountRows, formula: (sums: Float64Array) => number): Statistic {
  const sums = sumsOf(rows);
  return (sample) => formula(sums(sample));
}

/**
 * The sums of the counts of the reports in a sample, in one buffer that each call overwrites. Most counts of a report are 0 (labels
 * that it does not have): those are passed over.
 */
export function sumsOf({ reports, width, counts }: CountRows): (sample: ArrayLike<number>) => Float64Array {
  const starts = new Int32Array(reports + 1);
  const columns: number[] = [];
  const values: number[] = [];
  for (let i = 0; i < reports; i++) {
    for (let k = 0; k < width; k++) {
      const count = counts[i * width + k] as number;
      if (count === 0) continue;
      columns.push(k);
      values.push(count);
    }
    starts[i + 1] = columns.length;
  }
  const sums = new Float64Array(width);
  return (sample) => {
    sums.fill(0);
    for (let i = 0; i < sample.length; i++) {
      const report = sample[i] as number;
      const end = starts[report + 1] as number;
      for (let at = starts[report] as number; at < end; at++)
        (sums[columns[at] as number] as number) += values[at] as number;
    }
    return sums;
  };
}

/** All reports, each once. */
export function everyReport(reports: number): Int32Array {
  return Int32Array.from({ length: reports }, (_, i) => i);
}
