/**
 * The weights and images of reference/densenet.py, which both sides compute from a hash, so that golden values need no
 * weights file. For tests and for timing; the encoder for the demo is in random-weights.ts.
 */
import { type DenseNetShape, parameterShapes } from '../densenet.ts';

/** FNV-1a, 32 bits. */
function hashText(text: string): number {
  let h = 0x811c9dc5;
  for (const byte of Buffer.from(text)) h = Math.imul(h ^ byte, 0x01000193);
  return h;
}

/** [count] numbers in [-1, 1): the 32-bit finalizer of MurmurHash3 over index and name. */
function uniform(name: string, count: number): Float64Array {
  const seed = hashText(name);
  return Float64Array.from({ length: count }, (_, i) => {
    let h = (Math.imul(i, 0x9e3779b9) + seed) | 0;
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    return ((h ^ (h >>> 16)) >>> 0) / 2 ** 31 - 1;
  });
}

/** How a number in [-1, 1) becomes a weight of this parameter. */
function spread(name: string, shape: readonly number[]): (u: number) => number {
  const fanIn = shape.slice(1).reduce((product, extent) => product * extent, 1);
  if (name.endsWith('running_var')) return (u) => 1 + 0.5 * u;
  if (name.endsWith('running_mean')) return (u) => 0.3 * u;
  if (name === 'classifier.weight') return (u) => 0.4 * u;
  if (name === 'classifier.bias') return (u) => 0.5 * u;
  if (name === 'features.conv0.weight') return (u) => (u * Math.sqrt(6 / fanIn)) / 512;
  if (shape.length === 4) return (u) => u * Math.sqrt(6 / fanIn);
  return name.endsWith('weight') ? (u) => 0.8 + 0.4 * u : (u) => 0.2 * u;
}

export function formulaWeights(shape: DenseNetShape): Map<string, Float32Array> {
  return new Map(
    [...parameterShapes(shape)].map(([name, extents]) => {
      const count = extents.reduce((product, extent) => product * extent, 1);
      return [name, Float32Array.from(uniform(name, count), spread(name, extents))];
    }),
  );
}

/** [224, 224] in [-1024, 1024]: noise at three scales, so that neighbours are alike. */
export function formulaImage(name: string): Float32Array {
  const out = new Float64Array(224 * 224);
  for (const [scale, share] of [
    [56, 0.6],
    [8, 0.3],
    [1, 0.1],
  ] as const) {
    const n = 224 / scale;
    const noise = uniform(`${name}/${scale}`, n * n);
    for (let y = 0; y < 224; y++)
      for (let x = 0; x < 224; x++) {
        const at = y * 224 + x;
        const value = noise[Math.floor(y / scale) * n + Math.floor(x / scale)] as number;
        out[at] = (out[at] as number) + share * value;
      }
  }
  return Float32Array.from(out, (value) => 1024 * value);
}
