/**
 * Frozen matrices in blocks that share a scale, dequantized inside a graph: signed 8 bits (ggml's Q8_0, and Q6_K taken
 * apart) and codes of 4 bits (NF4 of QLoRA, Dettmers et al. 2023, arXiv 2305.14314). `dequantize` in quantized.ts has the
 * affine formats. Each element is one product in float32, so that a loader in float64 gives the same bits.
 */
import { fail } from '@llama-xr/core';
import { mismatch, written } from '../dimension.ts';
import { integers, node, scalar, type Value } from '../value.ts';
import { cast } from './elementwise.ts';
import { scaledBlocks } from './quantized.ts';

/** Blocks that run along the rows of a matrix. */
export interface ScaledBlocks {
  /** [blocks, size] int8 */
  readonly quants: Value;
  /** [blocks, 1] */
  readonly scale: Value;
}

/** quant * scale as a matrix [rows, columns]. Frozen. */
export function dequantizeScaled({ quants, scale }: ScaledBlocks, rows: number, columns: number): Value {
  const [blocks, size] = quants.shape;
  if (quants.type !== 'int8' || Number(blocks) * Number(size) !== rows * columns)
    fail(
      'GRAPH',
      `dequantizeScaled: expected int8 blocks of [${rows}, ${columns}], got ${quants.type} ${written(quants.shape)}`,
    );
  if (scale.shape[0] !== blocks || scale.shape[1] !== 1)
    mismatch('dequantizeScaled', quants.shape, scale.shape);
  return repeatable(() => {
    return node('Reshape', [scaledBlocks(quants, scale), integers(rows, columns)], [rows, columns]);
  });
}

/** 32 weights a block: byte j holds weight j in its low nibble and weight j + 16 in its high one. */
export interface CodedBlocks {
  /** [blocks, 16] uint8 */
  readonly nibbles: Value;
  /** [16]: what each nibble stands for. */
  readonly code: Value;
  /** [blocks, 1] */
  readonly scale: Value;
}

/**
 * code[nibble] * scale as a matrix [rows, columns]. Frozen.
 * @param rounded the type that the file's own decoder rounds to.
 */
export function dequantizeCoded(
  { nibbles, code, scale }: CodedBlocks,
  rows: number,
  columns: number,
  rounded: 'float32' | 'float16' | 'bfloat16' = 'float32',
): Value {
  const blocks = (rows * columns) / 32;
  if (nibbles.type !== 'uint8' || nibbles.shape[0] !== blocks || nibbles.shape[1] !== 16)
    fail(
      'GRAPH',
      `dequantizeCoded: expected uint8 [${blocks}, 16] for a matrix [${rows}, ${columns}], got ${nibbles.type} ${written(nibbles.shape)}`,
    );
  if (scale.shape[0] !== blocks || scale.shape[1] !== 1)
    mismatch('dequantizeCoded', nibbles.shape, scale.shape);
  return repeatable(() => {
    const low = node('BitwiseAnd', [nibbles, scalar(15, 'uint8')], nibbles.shape);
    const high = node('BitShift', [nibbles, scalar(4, 'uint8')], nibbles.shape, {
      attributes: { direction: 'RIGHT' },
    });
    const whole = node('Concat', [low, high], [blocks, 32], { attributes: { axis: 1 } });
    const values = node('Gather', [code, cast(whole, 'int32')], [blocks, 32], { type: code.type });
    const scaled = node('Mul', [values, scale], [blocks, 32]);
    const stored = cast(cast(scaled, rounded), scale.type);
    return node('Reshape', [stored, integers(rows, columns)], [rows, columns], { type: scale.type });
  });
}

function repeatable(build: () => Value): Value {
  return { ...build(), again: build };
}
