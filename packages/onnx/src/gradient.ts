/**
 * Reverse mode: walks a graph back from its result and adds, for each operation, the vector-Jacobian product that
 * the operation brings along (see `Derivation`). What comes out is again a graph.
 */
import { fail } from '@llama-xr/core';
import { mismatch, sameShape, written } from './dimension.ts';
import { add } from './operators/elementwise.ts';
import { type Derivation, scalar, type Value } from './value.ts';

/** A loss and its gradient with respect to each parameter, under the parameters' own names. */
export type LossAndGradients<Name extends string> = {
  readonly loss: Value;
  readonly gradients: Readonly<Record<Name, Value>>;
};

/**
 * The gradients of a loss of rank 0.
 * @throws LlamaXrError GRAPH where the loss is no scalar, does not depend on a parameter, or passes through an
 * operator without a derivative.
 */
export function gradient<Name extends string>(
  loss: Value,
  parameters: Readonly<Record<Name, Value>>,
): LossAndGradients<Name> {
  if (loss.shape.length !== 0)
    fail('GRAPH', `gradient: expected a loss of rank 0, got ${written(loss.shape)}`);
  const names = Object.keys(parameters) as Name[];
  const values = pullback(
    [[loss, scalar(1, loss.type)]],
    names.map((name) => parameters[name]),
  );
  const gradients = {} as Record<Name, Value>;
  names.forEach((name, i) => {
    gradients[name] = values[i] ?? fail('GRAPH', `gradient: expected a loss that depends on ${name}`);
  });
  return { loss, gradients };
}

/**
 * Takes gradients of results back to parameters: for each pair (y, dy), dy has y's shape. A parameter on which no
 * result depends gets undefined.
 */
export function pullback(
  results: readonly (readonly [y: Value, dy: Value])[],
  parameters: readonly Value[],
): (Value | undefined)[] {
  const totals = new Map<Value, Value>();
  const accumulate = (value: Value, gradient: Value, operator: string) => {
    if (!sameShape(value.shape, gradient.shape))
      mismatch(operator, value.shape, gradient.shape, 'a gradient of equal shape');
    const total = totals.get(value);
    totals.set(value, total === undefined ? gradient : add(total, gradient));
  };
  for (const [y, dy] of results) accumulate(y, dy, 'pullback');
  const order = dependentDerivations(
    results.map(([y]) => y),
    new Set(parameters),
  );
  for (const { derivation, depends } of order.reverse()) {
    const dOutputs = derivation.outputs.map((output) => totals.get(output));
    if (dOutputs.every((dOutput) => dOutput === undefined)) continue;
    const { vjp, operator } = derivation;
    if (vjp === undefined)
      return fail('GRAPH', `${operator}: expected an operator with a derivative on the way to a parameter`);
    const dInputs = vjp(dOutputs);
    derivation.inputs.forEach((value, i) => {
      const dInput = dInputs[i];
      if (dInput !== undefined && depends(value)) accumulate(value, dInput, operator);
    });
  }
  return parameters.map((parameter) => totals.get(parameter));
}

/** Derivations that lead to a parameter, each after those it needs. */
function dependentDerivations(results: readonly Value[], parameters: ReadonlySet<Value>) {
  const known = new Map<Derivation, boolean>();
  const order: { derivation: Derivation; depends: (value: Value) => boolean }[] = [];
  const depends = (value: Value): boolean =>
    parameters.has(value) || (value.derivation !== undefined && known.get(value.derivation) === true);
  const settle = (derivation: Derivation) => {
    if (derivation.frozen.some(depends))
      fail('GRAPH', `${derivation.operator}: expected no parameter behind an input that it takes as frozen`);
    const reaches = derivation.inputs.some(depends);
    known.set(derivation, reaches);
    if (reaches) order.push({ derivation, depends });
  };
  // An explicit stack: graphs are deeper than the call stack is sure to be.
  const stack: { derivation: Derivation; needs: readonly Value[]; next: number }[] = [];
  const visit = (value: Value) => {
    const { derivation } = value;
    if (derivation === undefined || known.has(derivation) || parameters.has(value)) return;
    stack.push({ derivation, needs: [...derivation.inputs, ...derivation.frozen], next: 0 });
  };
  for (const result of results) {
    visit(result);
    for (let frame = stack.at(-1); frame !== undefined; frame = stack.at(-1)) {
      const value = frame.needs[frame.next++];
      if (value !== undefined && !known.has(frame.derivation)) visit(value);
      else {
        stack.pop();
        if (!known.has(frame.derivation)) settle(frame.derivation);
      }
    }
  }
  return order;
}
