/** The factors of an adapter as read from a file, checked against the base that they are meant for. */
import { fail } from '@llama-xr/core';
import type { AdapterFactors } from '../model/parameters.ts';
import { type LlamaConfig, PROJECTIONS, type Projection, projectionShape } from '../model/weights-type.ts';

export interface FactorTensor {
  readonly shape: readonly number[];
  read(): Float32Array;
}

/** Where a file keeps the factors: undefined where it has no such tensor. */
export type FindFactor = (
  layer: number,
  projection: Projection,
  factor: 'a' | 'b',
) => FactorTensor | undefined;

export interface FactorTable {
  readonly rank: number;
  factors(layer: number, projection: Projection): AdapterFactors | undefined;
}

/**
 * Reads all factors that the file has for the layers of the base.
 * @throws LlamaXrError MODEL for half a pair, another shape, ranks that differ, or an adapter without any factor.
 */
export function readFactorTable(path: string, config: LlamaConfig, find: FindFactor): FactorTable {
  const pairs = new Map<string, AdapterFactors>();
  let rank: number | undefined;
  for (let layer = 0; layer < config.layers; layer++) {
    for (const projection of PROJECTIONS) {
      const a = find(layer, projection, 'a');
      const b = find(layer, projection, 'b');
      const where = `${path}: layer ${layer} ${projection}`;
      if (a === undefined && b === undefined) continue;
      if (a === undefined || b === undefined) fail('MODEL', `${where}: expected both factors, got one`);
      rank ??= a.shape[0] as number;
      const [out, columns] = projectionShape(config, projection);
      expectShape(`${where} A`, a.shape, [rank, columns]);
      expectShape(`${where} B`, b.shape, [out, rank]);
      pairs.set(`${layer}.${projection}`, { a: a.read(), b: b.read() });
    }
  }
  if (rank === undefined)
    fail('MODEL', `${path}: has no LoRA factors for a Llama of ${config.layers} layers`);
  return { rank, factors: (layer, projection) => pairs.get(`${layer}.${projection}`) };
}

function expectShape(where: string, got: readonly number[], expected: readonly number[]): void {
  if (got.join() === expected.join()) return;
  fail(
    'MODEL',
    `${where}: expected shape [${expected.join(', ')}], got [${got.join(', ')}]: made for another base?`,
  );
}
