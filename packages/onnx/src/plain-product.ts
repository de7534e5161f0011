/**
 * `FusedMatMul`, of ONNX Runtime's own domain, in operators of the ONNX standard: for devices that have no kernel for it, where it
 * would cross to the host and back.
 */
import type { NamedNode } from './onnx-file.ts';

/**
 * @param ranks of both factors
 * @param constant names a constant of one float
 */
export function plainProduct(
  { inputs, outputs, attributes }: NamedNode,
  ranks: readonly number[],
  constant: (value: number) => string,
): NamedNode[] {
  const nodes: NamedNode[] = [];
  const write = (
    type: string,
    inputs: string[],
    output: string,
    attributes: NamedNode['attributes'] = {},
  ) => {
    nodes.push({ type, domain: '', inputs, outputs: [output], attributes });
    return output;
  };
  const [output] = outputs as [string];
  const factors = (['transA', 'transB'] as const).map((flag, i) => {
    const name = inputs[i] as string;
    if (attributes[flag] !== 1) return name;
    const axes = Array.from({ length: ranks[i] as number }, (_, axis) => axis);
    const perm = [...axes.slice(0, -2), axes.length - 1, axes.length - 2];
    return write('Transpose', [name], `${output}/${flag}`, { perm });
  });
  const { real: alpha } = attributes.alpha as { real: number };
  const product = write('MatMul', factors, alpha === 1 ? output : `${output}/product`);
  if (alpha !== 1) write('Mul', [product, constant(alpha)], output);
  return nodes;
}
