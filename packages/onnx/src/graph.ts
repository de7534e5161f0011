/**
 * From values to a graph that can be written and run: collects what the results need, leaves out the rest, names
 * everything, and adds the few nodes that find the size of a named dimension at run time.
 */
import { fail } from '@llama-xr/core';
import { sameShape, written } from './dimension.ts';
import { fuseSums } from './fusion.ts';
import { inHalfPrecision, type Precision } from './half-precision.ts';
import { type NamedConstant, type NamedNode, type Port, writeOnnx } from './onnx-file.ts';
import { plainProduct } from './plain-product.ts';
import { RuntimeSizes } from './runtime-sizes.ts';
import { scheduled } from './schedule.ts';
import type { Operation, Value } from './value.ts';

/** Results in any nesting: a value, a list or a record of results. `session.run` answers in the same form. */
export type Results = Value | { readonly [name: string]: Results } | readonly Results[];

/** A graph ready to be opened by a session, or to be written to a file. */
export interface Graph {
  /** The ONNX file. */
  readonly bytes: Uint8Array;
  readonly inputs: readonly Port[];
  /** Inputs that are given once, when the graph is opened. */
  readonly resident: readonly Port[];
  readonly outputs: readonly Port[];
  readonly nodes: readonly NamedNode[];
}

export interface CompileOptions {
  /** Of matrix products, which are then all of float32. */
  readonly precision?: Precision;
  /** See half-precision.ts. */
  readonly rounds?: boolean;
  /** Batches of products in operators of the standard, see plain-product.ts. */
  readonly plainProducts?: boolean;
  /** Names of the inputs that are given once; their sizes must be numbers. */
  readonly resident?: readonly string[];
}

/** Results as a flat list; names are paths such as `gradients.q`. A lone value is called `result`. */
function flatten(results: Results, path = ''): { name: string; value: Value }[] {
  if (isValue(results)) return [{ name: path === '' ? 'result' : path, value: results }];
  return Object.entries(results).flatMap(([key, inner]) =>
    flatten(inner, path === '' ? key : `${path}.${key}`),
  );
}

export function isValue(results: Results): results is Value {
  return 'origin' in results && 'shape' in results;
}

/**
 * Writes the graph of these results.
 * @throws LlamaXrError GRAPH where names clash, or a size cannot be found from the inputs.
 */
export function compile(
  results: Results,
  name = 'graph',
  { precision = 'float32', rounds = false, plainProducts = false, resident = [] }: CompileOptions = {},
): Graph {
  const named = flatten(results);
  const values = named.map(({ value }) => value);
  const { operations, inputs } = collect(values);
  const stays = residentPorts(inputs, resident);
  for (const { name, value } of named) {
    const isThatInput = value.origin.kind === 'input' && value.origin.name === name;
    if (!isThatInput && inputs.some((port) => port.name === name))
      fail('GRAPH', `result ${name}: expected a name that no input has`);
  }
  const writer = new Writer(inputs, plainProducts);
  const { replaced, absorbed } = fuseSums(operations, values);
  writer.nameResults(named);
  for (const operation of operations)
    if (!absorbed.has(operation)) writer.write(operation, replaced.get(operation) ?? operation);
  writer.copyResults(named);
  const outputs = named.map(({ name, value: { type, shape } }) => ({ name, type, shape }));
  const { constants } = writer;
  const nodes = scheduled(precision === 'float16' ? inHalfPrecision(writer.nodes, rounds) : writer.nodes);
  const fed = inputs.filter((port) => !stays.includes(port));
  const bytes = writeOnnx({ name, inputs: fed, outputs, nodes, constants, external: stays });
  return { bytes, inputs: fed, resident: stays, outputs, nodes };
}

function residentPorts(inputs: readonly Port[], names: readonly string[]): Port[] {
  return names.map((name) => {
    const port = inputs.find((one) => one.name === name);
    if (port === undefined) return fail('GRAPH', `resident ${name}: expected an input of the graph`);
    if (port.shape.every((dimension) => typeof dimension === 'number')) return port;
    return fail('GRAPH', `resident ${name}: expected sizes that are numbers, got ${written(port.shape)}`);
  });
}

/** All operations that the results need, each after those it needs itself; and all inputs. */
function collect(results: readonly Value[]): { operations: Operation[]; inputs: Port[] } {
  const operations: Operation[] = [];
  const inputs = new Map<string, Port>();
  const done = new Set<Operation>();
  // An explicit stack: graphs are deeper than the call stack is sure to be.
  const stack: { operation: Operation; next: number }[] = [];
  const visit = ({ origin, type, shape }: Value) => {
    if (origin.kind === 'input') addInput(inputs, { name: origin.name, type, shape });
    if (origin.kind === 'operation' && !done.has(origin.operation))
      stack.push({ operation: origin.operation, next: 0 });
  };
  for (const result of results) {
    visit(result);
    for (let frame = stack.at(-1); frame !== undefined; frame = stack.at(-1)) {
      const { operation } = frame;
      if (frame.next < operation.inputs.length && !done.has(operation)) {
        const value = operation.inputs[frame.next++];
        if (value !== undefined) visit(value);
        continue;
      }
      stack.pop();
      if (!done.has(operation)) operations.push(operation);
      done.add(operation);
    }
  }
  return { operations, inputs: [...inputs.values()] };
}

function addInput(inputs: Map<string, Port>, port: Port): void {
  const known = inputs.get(port.name);
  if (known === undefined) inputs.set(port.name, port);
  else if (known.type !== port.type || !sameShape(known.shape, port.shape))
    fail(
      'GRAPH',
      `input ${port.name}: expected one shape, got ${written(known.shape)} and ${written(port.shape)}`,
    );
}

/** Names values and collects nodes and constants in the order of writing. */
class Writer {
  readonly nodes: NamedNode[] = [];
  readonly constants: NamedConstant[] = [];
  readonly #constantNames = new Map<string, string>();
  readonly #sizes: RuntimeSizes;
  /** Names of outputs of operations; results have theirs before anything is written. */
  readonly #names = new Map<Operation, (string | undefined)[]>();
  readonly #plainProducts: boolean;
  #next = 0;

  constructor(inputs: readonly Port[], plainProducts: boolean) {
    this.#plainProducts = plainProducts;
    this.#sizes = new RuntimeSizes(inputs, {
      node: (node) => this.nodes.push(node),
      constant: (constant) => this.#constant(constant),
    });
  }

  nameResults(results: readonly { name: string; value: Value }[]): void {
    for (const { name, value } of results) {
      if (value.origin.kind !== 'operation') continue;
      const names = this.#namesOf(value.origin.operation);
      names[value.origin.index] ??= name;
    }
  }

  /** A result that is an input, a constant or named otherwise already is copied. */
  copyResults(results: readonly { name: string; value: Value }[]): void {
    for (const { name, value } of results) {
      const source = this.#reference(value);
      if (source !== name)
        this.nodes.push({ type: 'Identity', domain: '', inputs: [source], outputs: [name], attributes: {} });
    }
  }

  /** Writes `replacement`, whose outputs go by the names of `operation`. */
  write(operation: Operation, replacement: Operation): void {
    const { type, domain, attributes } = replacement;
    const inputs = replacement.inputs.map((value) => (value === undefined ? '' : this.#reference(value)));
    const names = this.#namesOf(operation);
    const outputs = Array.from({ length: operation.outputs }, (_, i) => {
      names[i] ??= `t/${this.#next++}`;
      return names[i] as string;
    });
    const node = { type, domain, inputs, outputs, attributes };
    if (type !== 'FusedMatMul' || !this.#plainProducts) this.nodes.push(node);
    else {
      const ranks = replacement.inputs.map((value) => value?.shape.length ?? 0);
      const real = (value: number) =>
        this.#constant({ type: 'float32', shape: [], data: Float32Array.of(value) });
      this.nodes.push(...plainProduct(node, ranks, real));
    }
  }

  #namesOf(operation: Operation): (string | undefined)[] {
    let names = this.#names.get(operation);
    if (names === undefined) {
      names = [];
      this.#names.set(operation, names);
    }
    return names;
  }

  #reference({ origin, type, shape }: Value): string {
    switch (origin.kind) {
      case 'input':
        return origin.name;
      case 'constant':
        return this.#constant({ type, shape: shape as readonly number[], data: origin.data });
      case 'sizes':
        return this.#sizes.vector(origin.sizes, origin.inferOne);
      case 'operation':
        return this.#namesOf(origin.operation)[origin.index] as string;
    }
  }

  /** Equal constants are stored once; only small ones are compared. */
  #constant(constant: Omit<NamedConstant, 'name'>): string {
    const { type, shape, data } = constant;
    const key = data.length <= 16 ? `${type} ${shape} ${data.join()}` : `${this.constants.length}`;
    let name = this.#constantNames.get(key);
    if (name === undefined) {
      name = `c/${this.constants.length}`;
      this.#constantNames.set(key, name);
      this.constants.push({ name, ...constant });
    }
    return name;
  }
}
