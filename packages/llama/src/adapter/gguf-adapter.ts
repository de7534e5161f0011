/** Adapters as llama.cpp reads them (llama-adapter.cpp): `blk.0.attn_q.weight.lora_a` [rank, in], `.lora_b` [out, rank]. */
import { fail } from '@llama-xr/core';
import { bytesOf, type GgufTensorToWrite, gguf, openGguf, writeGguf } from '@llama-xr/tensor';
import { updateFactor } from '../model/adapter-shape.ts';
import { type LlamaConfig, PROJECTIONS, type Projection, projectionShape } from '../model/weights-type.ts';
import { GGUF_NAMES } from '../weights/gguf-weights.ts';
import type { Adapter } from './adapter.ts';
import { readFactorTable } from './factor-table.ts';

const nameOf = (layer: number, projection: Projection, factor: 'a' | 'b') =>
  `${GGUF_NAMES.layer(layer, projection)}.lora_${factor}`;

export function writeGgufAdapter(path: string, adapter: Adapter): void {
  const { config, rank } = adapter;
  const tensors: GgufTensorToWrite[] = [];
  for (let layer = 0; layer < config.layers; layer++) {
    for (const projection of PROJECTIONS) {
      const factors = adapter.factors(layer, projection);
      if (factors === undefined) continue;
      const [out, columns] = projectionShape(config, projection);
      const make = (factor: 'a' | 'b', shape: number[]): GgufTensorToWrite => ({
        name: nameOf(layer, projection, factor),
        shape,
        type: 'F32',
        data: bytesOf(factors[factor]),
      });
      tensors.push(make('a', [rank, columns]), make('b', [out, rank]));
    }
  }
  const metadata = [
    ['general.architecture', gguf.string('llama')],
    ['general.type', gguf.string('adapter')],
    ['adapter.type', gguf.string('lora')],
    ['adapter.lora.alpha', gguf.float32(updateFactor(adapter) * rank)],
  ] as const;
  writeGguf(path, { metadata, tensors });
}

export function readGgufAdapter(path: string, config: LlamaConfig): Adapter {
  using file = openGguf(path);
  const type = `${file.string('general.type')} ${file.string('adapter.type')}`;
  if (type !== 'adapter lora')
    fail('MODEL', `${path}: expected a LoRA adapter, got a GGUF of type "${type}"`);
  const architecture = file.string('general.architecture');
  if (architecture !== 'llama')
    fail('MODEL', `${path}: expected an adapter of a llama, got of "${architecture}"`);
  const alpha = file.number('adapter.lora.alpha') ?? fail('MODEL', `${path}: adapter.lora.alpha is missing`);
  if (!Number.isFinite(alpha)) fail('MODEL', `${path}: adapter.lora.alpha: expected a number, got ${alpha}`);
  const table = readFactorTable(path, config, (layer, projection, factor) => {
    const name = nameOf(layer, projection, factor);
    const tensor = file.tensors.get(name);
    return tensor && { shape: tensor.shape, read: () => file.dequantize(name) };
  });
  // llama.cpp takes an alpha of 0 for a factor of 1.
  return { config, alpha: alpha === 0 ? table.rank : alpha, ...table };
}
