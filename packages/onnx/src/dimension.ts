/**
 * Dimensions of a tensor: numbers, or names such as `B` that get their size when a graph runs. Products and sums of
 * names are kept in one written form (`2*B*S`, `(C+1)`), so that equal dimensions compare equal as text. This is
 * enough to check graphs while they are written; it is no computer algebra.
 */
import { fail } from '@llama-xr/core';

export type Dimension = number | string;
export type Shape = readonly Dimension[];

/** Product of dimensions: `product('B', 'S', 2)` is `2*B*S`. */
export function product(...dimensions: readonly Dimension[]): Dimension {
  let coefficient = 1;
  const names: string[] = [];
  for (const dimension of dimensions) {
    const parts = factors(dimension);
    coefficient *= parts.coefficient;
    names.push(...parts.names);
  }
  if (coefficient === 0 || names.length === 0) return coefficient;
  names.sort();
  return coefficient === 1 ? names.join('*') : `${coefficient}*${names.join('*')}`;
}

/** Sum of dimensions; equal names are counted, and a sum of several terms stands in brackets: `(2*C+1)`. */
export function sumOf(...dimensions: readonly Dimension[]): Dimension {
  const terms = new Map<string, number>();
  for (const dimension of dimensions) {
    const { coefficient, names } = factors(dimension);
    const key = names.join('*');
    terms.set(key, (terms.get(key) ?? 0) + coefficient);
  }
  const written = [...terms]
    .filter(([, coefficient]) => coefficient !== 0)
    .sort(([a], [b]) => Number(a === '') - Number(b === '') || (a < b ? -1 : 1))
    .map(([names, coefficient]) => (names === '' ? coefficient : product(coefficient, names)));
  return written.length > 1 ? `(${written.join('+')})` : (written[0] ?? 0);
}

/** The whole-number coefficient and the named factors of a dimension. */
export function factors(dimension: Dimension): { coefficient: number; names: string[] } {
  if (typeof dimension === 'number') return { coefficient: dimension, names: [] };
  const names: string[] = [];
  let coefficient = 1;
  for (const part of splitProduct(dimension)) {
    if (/^\d+$/.test(part)) coefficient *= Number(part);
    else names.push(part);
  }
  return { coefficient, names };
}

/** Splits at `*`, but not inside brackets. */
function splitProduct(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '(') depth++;
    else if (text[i] === ')') depth--;
    else if (text[i] === '*' && depth === 0) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}

/** Number of elements. */
export function sizeOf(shape: Shape): Dimension {
  return product(...shape);
}

/** The whole quotient of two dimensions, or undefined where it is not whole. */
export function quotient(dividend: Dimension, divisor: Dimension): Dimension | undefined {
  const above = factors(dividend);
  const below = factors(divisor);
  const names = [...above.names];
  for (const name of below.names) {
    const at = names.indexOf(name);
    if (at < 0) return undefined;
    names.splice(at, 1);
  }
  if (below.coefficient === 0 || above.coefficient % below.coefficient !== 0) return undefined;
  return product(above.coefficient / below.coefficient, ...names);
}

/** `[B, 3, 64]` */
export function written(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dimension, i) => dimension === b[i]);
}

/**
 * The shape of `a op b` under ONNX's (NumPy's) broadcasting.
 * @throws LlamaXrError GRAPH naming the operator and both shapes.
 */
export function broadcastShape(operator: string, a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const left = a[i - rank + a.length] ?? 1;
    const right = b[i - rank + b.length] ?? 1;
    if (left === right || right === 1) return left;
    if (left === 1) return right;
    return mismatch(operator, a, b);
  });
}

/** The error of every operator whose operands do not fit. */
export function mismatch(operator: string, a: Shape, b: Shape, rule = 'shapes that fit'): never {
  fail('GRAPH', `${operator}: expected ${rule}, got ${written(a)} and ${written(b)}`);
}

/** An axis counted from the end where negative, as an index. */
export function axisIndex(operator: string, shape: Shape, axis: number): number {
  const index = axis < 0 ? axis + shape.length : axis;
  if (!Number.isInteger(axis) || index < 0 || index >= shape.length)
    fail('GRAPH', `${operator}: expected an axis of ${written(shape)}, got ${axis}`);
  return index;
}
