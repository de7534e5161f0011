/**
 * The one rewriting of a graph before it is written: a sum whose one term is a matrix product that nothing else uses
 * becomes that product's third input. So residuals and sums of gradients cost no pass over memory of their own.
 */
import { sameShape } from './dimension.ts';
import type { Operation, Value } from './value.ts';

/** What to write otherwise than it stands in the graph. */
export interface Fusion {
  /** For each sum that is replaced: the product in its place. */
  readonly replaced: ReadonlyMap<Operation, Operation>;
  /** Products that are written nowhere else. */
  readonly absorbed: ReadonlySet<Operation>;
}

/** @param operations each after those it needs. @param results values that must stay as they are. */
export function fuseSums(operations: readonly Operation[], results: readonly Value[]): Fusion {
  const uses = new Map<Operation, number>();
  const count = ({ origin }: Value) => {
    if (origin.kind === 'operation') uses.set(origin.operation, (uses.get(origin.operation) ?? 0) + 1);
  };
  for (const operation of operations)
    for (const value of operation.inputs) if (value !== undefined) count(value);
  for (const value of results) count(value);
  const replaced = new Map<Operation, Operation>();
  const absorbed = new Set<Operation>();
  for (const sum of operations) {
    if (sum.type !== 'Add') continue;
    const [left, right] = sum.inputs as [Value, Value];
    if (!sameShape(left.shape, right.shape)) continue;
    // The later term is taken, since a product can only add what is there before it.
    for (const [product, other] of [
      [right, left],
      [left, right],
    ] as const) {
      const operation = loneProduct(product, uses);
      if (operation === undefined || absorbed.has(operation)) continue;
      absorbed.add(operation);
      replaced.set(sum, { ...operation, inputs: [...operation.inputs, other] });
      break;
    }
  }
  return { replaced, absorbed };
}

/** The operation behind a value if it is a matrix product without a third input, used only here. */
function loneProduct({ origin }: Value, uses: ReadonlyMap<Operation, number>): Operation | undefined {
  if (origin.kind !== 'operation') return undefined;
  const { operation } = origin;
  const fits = operation.type === 'Gemm' && operation.inputs.length === 2 && uses.get(operation) === 1;
  return fits ? operation : undefined;
}
