/** The tensors of a GGUF file for another one, some of them in another type. */
import type { GgmlType } from './ggml-types.ts';
import type { Gguf } from './gguf.ts';
import type { GgufTensor } from './gguf-header.ts';
import type { GgufTensorToWrite } from './gguf-write.ts';
import { quantize } from './quantize.ts';

/** @param type of the tensors that are `chosen`; the others stay as they are, to the bit. Read when they are written. */
export function requantized(
  file: Gguf,
  type: GgmlType,
  chosen: (tensor: GgufTensor) => boolean,
): GgufTensorToWrite[] {
  return Array.from(file.tensors.values(), (tensor) => {
    const { name, shape } = tensor;
    return chosen(tensor)
      ? { name, shape, type, data: () => quantize(type, file.dequantize(name)) }
      : { name, shape, type: tensor.type, data: () => file.read(name) };
  });
}
