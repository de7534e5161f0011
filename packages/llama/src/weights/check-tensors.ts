/** The tensors that a Llama needs, and whether a file has them. */
import { Mistakes } from '@llama-xr/core';
import { type LlamaConfig, PROJECTIONS, type Projection, projectionShape } from '../model/weights-type.ts';

/** How a kind of file names them. */
export interface TensorNames {
  readonly embedding: string;
  readonly outputNorm: string;
  readonly output: string;
  layer(layer: number, part: Projection | 'attentionNorm' | 'feedForwardNorm'): string;
}

/**
 * @param shapeOf the shape of a tensor of the file; undefined where it has none of this name
 * @throws LlamaXrError MODEL listing what is missing or of another shape.
 */
export function checkTensors(
  path: string,
  config: LlamaConfig,
  names: TensorNames,
  shapeOf: (name: string) => readonly number[] | undefined,
): void {
  const mistakes = new Mistakes();
  for (const [name, expected] of wantedTensors(config, names)) {
    const shape = shapeOf(name);
    if (shape === undefined) mistakes.add(`tensor ${name} is missing`);
    else if (shape.join() !== expected.join()) {
      mistakes.add(`tensor ${name}: expected shape [${expected.join(', ')}], got [${shape.join(', ')}]`);
    }
  }
  mistakes.throwIfAny('MODEL', path);
}

/** Every tensor that the graphs read, with its shape. */
function wantedTensors(config: LlamaConfig, names: TensorNames): [string, readonly number[]][] {
  const { width, vocabulary } = config;
  const wanted: [string, readonly number[]][] = [
    [names.embedding, [vocabulary, width]],
    [names.outputNorm, [width]],
  ];
  if (!config.tiedEmbedding) wanted.push([names.output, [vocabulary, width]]);
  for (let layer = 0; layer < config.layers; layer++) {
    wanted.push(
      [names.layer(layer, 'attentionNorm'), [width]],
      [names.layer(layer, 'feedForwardNorm'), [width]],
    );
    for (const part of PROJECTIONS) wanted.push([names.layer(layer, part), projectionShape(config, part)]);
  }
  return wanted;
}
