/** A matrix of a base in float32, whatever form its file keeps it in. */
import { bfloat16ToFloat32, float16ToFloat32, float32ToBfloat16, float32ToFloat16 } from '@llama-xr/tensor';
import type { CodedMatrix, MatrixWeights } from '../model/weights-type.ts';

const BLOCK = 32;

/** @returns row-major [out, in]; the array itself where it is float32 already. */
export function floatMatrix(matrix: MatrixWeights): Float32Array {
  if (matrix instanceof Float32Array) return matrix;
  if ('half' in matrix) return float16ToFloat32(matrix.half);
  if ('quants' in matrix) {
    const { quants, scale } = matrix;
    const size = quants.length / scale.length;
    return Float32Array.from(quants, (quant, i) => quant * (scale[Math.floor(i / size)] as number));
  }
  const { nibbles, scale } = matrix;
  if ('code' in matrix) {
    const { code } = matrix;
    const values = eachNibble(nibbles, (q, block) => (code[q] as number) * (scale[block] as number));
    return rounded(values, matrix.rounded);
  }
  const { offset } = matrix;
  return eachNibble(
    nibbles,
    (q, block) => Math.fround(q * (scale[block] as number)) + (offset[block] as number),
  );
}

/** Low nibbles are the first half of a block, high nibbles the second. */
function eachNibble(nibbles: Uint8Array, value: (nibble: number, block: number) => number): Float32Array {
  return Float32Array.from({ length: 2 * nibbles.length }, (_, i) => {
    const block = Math.floor(i / BLOCK);
    const byte = nibbles[(block * BLOCK) / 2 + (i % (BLOCK / 2))] as number;
    return value(i % BLOCK < BLOCK / 2 ? byte & 15 : byte >> 4, block);
  });
}

function rounded(values: Float32Array, type: CodedMatrix['rounded']): Float32Array {
  if (type === 'float16') return float16ToFloat32(float32ToFloat16(values));
  return type === 'bfloat16' ? bfloat16ToFloat32(float32ToBfloat16(values)) : values;
}
