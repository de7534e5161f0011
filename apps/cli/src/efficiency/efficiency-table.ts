/** The efficiency report as a table for people. */
import { bytes } from '../terminal.ts';
import { VARIANT_NAMES, type VariantResult } from './variants.ts';

const HEADER = ['', 'trainable', 's a step', 'tok/s', 'peak', 'energy a step', 'val loss', 'rate'];

export function efficiencyTable(results: readonly VariantResult[], steps: number): string {
  const rows = results.map((result) => [
    VARIANT_NAMES[result.variant],
    result.trainable.toLocaleString('en-US'),
    result.secondsPerStep.toFixed(2),
    result.tokensPerSecond.toFixed(0),
    bytes(result.peakMemoryBytes),
    result.energy.joules === null ? 'not measurable' : `${(result.energy.joules / steps).toFixed(0)} J`,
    `${result.loss.before.toFixed(4)} -> ${result.loss.after.toFixed(4)}`,
    String(result.rate),
  ]);
  const table = [HEADER, ...rows];
  const widths = HEADER.map((_, i) => Math.max(...table.map((row) => (row[i] as string).length)));
  const lines = table.map((row) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] as number) : cell.padStart(widths[i] as number)))
      .join('  ')
      .trimEnd(),
  );
  const reasons = new Set(results.flatMap(({ energy }) => energy.reasons));
  return [...lines, ...[...reasons].map((reason) => `energy: ${reason}`)].join('\n');
}
