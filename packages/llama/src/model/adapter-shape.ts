/**
 * The shape of a LoRA adapter (Hu et al. 2021, arXiv 2106.09685): its rank, which projections it adapts, and the factor
 * of its update.
 */
import { fail } from '@llama-xr/core';
import type { ParameterLayout } from './parameters.ts';
import { PROJECTIONS, type Projection } from './weights-type.ts';

/**
 * How alpha becomes the factor of the update B A: Hu et al. divide by the rank; rank-stabilised LoRA divides by its root,
 * so that gradients neither vanish nor grow with the rank (Kalajdzievski 2023, arXiv 2312.03732).
 */
export const ADAPTER_SCALINGS = ['alpha/r', 'alpha/sqrt(r)'] as const;
export type AdapterScaling = (typeof ADAPTER_SCALINGS)[number];

/** What decides the factor of an update. */
export interface UpdateScale {
  readonly rank: number;
  readonly alpha: number;
  /** `alpha/r` where absent. */
  readonly scaling?: AdapterScaling;
}

/** The s of W + s B A; 0 without an adapter. */
export function updateFactor({ rank, alpha, scaling = 'alpha/r' }: UpdateScale): number {
  if (rank === 0) return 0;
  return alpha / (scaling === 'alpha/r' ? rank : Math.sqrt(rank));
}

/** An adapter as graphs see it. */
export interface AdapterShape {
  readonly rank: number;
  /** s of W + s B A. */
  readonly factor: number;
  readonly targets: readonly Projection[];
  /** Share of what it reads that training leaves out, see `dropout.ts`. */
  readonly dropout: number;
  /** Base and adapter are computed apart: float16 would round a small update away from W + s B A. */
  readonly apart?: boolean;
  readonly layout: ParameterLayout;
}

/**
 * Projections in the order of all layouts, each once.
 * @throws LlamaXrError CONFIG for none, or for one that a Llama does not have.
 */
export function orderedTargets(targets: readonly Projection[]): Projection[] {
  const known: readonly string[] = PROJECTIONS;
  const unknown = targets.find((target) => !known.includes(target));
  if (unknown !== undefined || targets.length === 0)
    fail('CONFIG', `targets: expected some of ${known.join(', ')}, got ${unknown ?? 'none'}`);
  return PROJECTIONS.filter((projection) => targets.includes(projection));
}
