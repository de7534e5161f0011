/**
 * What a token of a row sees, and which position it has: rows that hold several texts (packing: Krell et al. 2021, arXiv
 * 2107.02027) and texts that share their beginning, which stands in the row once (shared prefixes: Juravsky et al. 2024,
 * arXiv 2402.05099). Both are exact: each text gets the loss and the gradients that it has alone.
 */
import { fail } from '@llama-xr/core';
import type { TokenBatch } from './batch.ts';

/** Added to a score that must not count. */
const NEVER = -1e30;

type Rows = Pick<TokenBatch, 'batch' | 'sequence' | 'segments' | 'prefixes'>;

/** @throws LlamaXrError INPUT unless segments and prefixes are of the batch's size. */
export function checkSegments({ batch: B, sequence: S, segments, prefixes }: Rows): void {
  if (segments !== undefined && segments.length !== B * S)
    fail('INPUT', `batch segments: expected ${B} x ${S} elements, got ${segments.length}`);
  if (prefixes === undefined) return;
  if (segments === undefined) fail('INPUT', 'batch prefixes: expected segments that share them, got none');
  if (prefixes.length !== B)
    fail('INPUT', `batch prefixes: expected one for each of ${B} rows, got ${prefixes.length}`);
  const wrong = prefixes.find((length) => !(length >= 0 && length <= S));
  if (wrong !== undefined)
    fail('INPUT', `batch prefixes: expected lengths from 0 to the row's ${S} tokens, got ${wrong}`);
}

/** [B, S]: counts from 0 in each row; each segment behind the row's prefix counts on from there. */
export function positionsOf({ batch: B, sequence: S, segments, prefixes }: Rows): Int32Array {
  const positions = new Int32Array(B * S);
  for (let row = 0; row < B; row++) {
    const prefix = prefixes?.[row] ?? 0;
    for (let i = 1; i < S; i++) {
      const at = row * S + i;
      const starts = i >= prefix && (i === prefix || segments?.[at] !== segments?.[at - 1]);
      positions[at] = starts && segments !== undefined ? prefix : (positions[at - 1] as number) + 1;
    }
  }
  return positions;
}

/** [S, S]: a token sees those up to itself. */
export function causalMask(S: number): Float32Array {
  return segmentMask({ batch: 1, sequence: S, segments: new Int32Array(S) });
}

/** [B, 1, S, S]: a token sees its row's prefix and its own segment, up to itself. */
export function segmentMask({ batch: B, sequence: S, segments, prefixes }: Rows): Float32Array {
  const mask = new Float32Array(B * S * S).fill(NEVER);
  for (let row = 0; row < B; row++) {
    const prefix = prefixes?.[row] ?? 0;
    for (let i = 0; i < S; i++)
      for (let j = 0; j <= i; j++)
        if (j < prefix || segments?.[row * S + i] === segments?.[row * S + j])
          mask[(row * S + i) * S + j] = 0;
  }
  return mask;
}
