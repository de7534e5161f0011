/**
 * Mixed precision (Micikevicius et al. 2018, arXiv 1710.03740) as a rewriting of a finished graph: each matrix product takes its
 * factors in float16 and hands its result back in float32, and everything else stays in float32. Devices with half-precision units
 * add up such products in float32 (cuBLAS's default for half GEMMs); ONNX Runtime on a CPU computes them in float32 from the rounded
 * factors, so that the error can be measured without such a device. What overflows float16 is the caller's to scale.
 */
import type { NamedNode } from './onnx-file.ts';
import { ONNX_TYPES } from './operators/elementwise.ts';

export const PRECISIONS = ['float32', 'float16'] as const;
/** What matrix products are computed in. */
export type Precision = (typeof PRECISIONS)[number];

const PRODUCTS: ReadonlySet<string> = new Set(['Gemm', 'FusedMatMul', 'MatMul']);

/**
 * The same graph with products of float16. A factor that several products read is rounded once.
 * @param rounds true for a device without half-precision products: ONNX Runtime computes them there in float32, and would drop the
 *   casts on both sides as if they did nothing. A maximum of one tensor holds them in place.
 */
export function inHalfPrecision(nodes: readonly NamedNode[], rounds: boolean): NamedNode[] {
  const result: NamedNode[] = [];
  const write = (type: string, inputs: string[], output: string, attributes = {}): string => {
    result.push({ type, domain: '', inputs, outputs: [output], attributes });
    return output;
  };
  const held = (name: string) => (rounds ? write('Max', [name], `${name}/held`) : name);
  const halves = new Map<string, string>();
  const half = (name: string): string => {
    const known = halves.get(name);
    if (known !== undefined) return known;
    const rounded = held(write('Cast', [name], `${name}/half`, { to: ONNX_TYPES.float16 }));
    halves.set(name, rounded);
    return rounded;
  };
  for (const node of nodes) {
    if (!PRODUCTS.has(node.type)) {
      result.push(node);
      continue;
    }
    const [a, b, c] = node.inputs as [string, string, string?];
    const [output] = node.outputs as [string];
    const product = `${output}/half product`;
    result.push({ ...node, inputs: [half(a), half(b)], outputs: [product] });
    const whole = write('Cast', [held(product)], c === undefined ? output : `${output}/product`, {
      to: ONNX_TYPES.float32,
    });
    if (c !== undefined) write('Add', [whole, c], output);
  }
  return result;
}
