/** What of a base, a recipe and the largest batch decides the memory and the time of a training run. */
import { GGUF_NAMES, llamaConfigOfGguf, PROJECTIONS, projectionShape } from '@llama-xr/llama';
import { type GgmlType, type Gguf, isAffineQ4 } from '@llama-xr/tensor';
import type { TrainingShape } from './training-memory.ts';

export function trainingShape(
  gguf: Gguf,
  recipe: TrainingShape['recipe'],
  largest: Pick<TrainingShape, 'batch' | 'sequence'>,
): TrainingShape {
  const config = llamaConfigOfGguf(gguf);
  const weights = { packed: 0, eight: 0, plain: 0 };
  for (let layer = 0; layer < config.layers; layer++) {
    for (const projection of PROJECTIONS) {
      const [out, columns] = projectionShape(config, projection);
      const { type } = gguf.tensor(GGUF_NAMES.layer(layer, projection));
      weights[formOf(type)] += out * columns;
    }
  }
  return { config, weights, recipe, ...largest };
}

function formOf(type: GgmlType): keyof TrainingShape['weights'] {
  if (isAffineQ4(type)) return 'packed';
  return type === 'Q8_0' || type === 'Q6_K' ? 'eight' : 'plain';
}
