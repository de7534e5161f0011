/**
 * Tables of rotary positions (Su et al. 2021, arXiv 2104.09864): angle of position p and pair i is
 * p * base^(-2i / D), divided by a factor for each pair where Llama 3.1 stretches its context.
 */
import { llama3RopeFactors } from '../weights/rope-scaling.ts';
import type { LlamaConfig, LlamaWeights } from './weights-type.ts';

export interface RopeTables {
  /** How many positions the tables hold. */
  readonly positions: number;
  /** [positions, D / 2] */
  readonly cosine: Float32Array;
  readonly sine: Float32Array;
}

/** base^(-2i / D) of each pair i, [D / 2]. */
function frequencies({ headSize, ropeBase }: LlamaConfig): Float64Array {
  return Float64Array.from({ length: headSize / 2 }, (_, i) => ropeBase ** ((-2 * i) / headSize));
}

/** The tables of a model for positions 0 .. positions - 1. */
export function ropeTables(
  { config, ropeFactors }: Pick<LlamaWeights, 'config' | 'ropeFactors'>,
  positions: number,
): RopeTables {
  const { ropeScaling } = config;
  const factors =
    ropeFactors ?? (ropeScaling && llama3RopeFactors(config.headSize, config.ropeBase, ropeScaling));
  const stretched = frequencies(config).map((frequency, i) => frequency / (factors?.[i] ?? 1));
  const half = stretched.length;
  const cosine = new Float32Array(positions * half);
  const sine = new Float32Array(positions * half);
  for (let p = 0; p < positions; p++) {
    for (let i = 0; i < half; i++) {
      const angle = p * (stretched[i] as number);
      cosine[p * half + i] = Math.cos(angle);
      sine[p * half + i] = Math.sin(angle);
    }
  }
  return { positions, cosine, sine };
}
