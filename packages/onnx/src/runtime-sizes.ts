/**
 * Sizes of named dimensions while a graph runs: `S` is read from the first input that has an axis of this name,
 * `2*B*S` is multiplied from its factors. Reading a shape costs nothing; each size is found once.
 */
import { fail } from '@llama-xr/core';
import { type Dimension, factors, type Shape } from './dimension.ts';
import type { NamedConstant, NamedNode, Port } from './onnx-file.ts';

/** Where the nodes and constants go that find sizes. */
export interface SizeSink {
  node(node: NamedNode): void;
  /** Gives the constant's name. */
  constant(constant: Omit<NamedConstant, 'name'>): string;
}

export class RuntimeSizes {
  readonly #inputs: readonly Port[];
  readonly #sink: SizeSink;
  readonly #known = new Map<string, string>();

  constructor(inputs: readonly Port[], sink: SizeSink) {
    this.#inputs = inputs;
    this.#sink = sink;
  }

  /**
   * The name of an int64 vector with these sizes.
   * @param inferOne one size that no input tells may be left to ONNX, as -1.
   */
  vector(shape: Shape, inferOne: boolean): string {
    const names = shape.map((dimension) => (typeof dimension === 'string' ? dimension : undefined));
    const unknown = names.findIndex((name) => name !== undefined && !this.#canFind(name));
    const inferred = !inferOne ? -1 : unknown >= 0 ? unknown : names.findIndex((name) => name !== undefined);
    const parts = shape.map((dimension, i) => (i === inferred ? this.#number(-1) : this.#size(dimension)));
    return this.#emit('Concat', parts, { axis: 0 });
  }

  /** The name of an int64 vector of one element. */
  #size(dimension: Dimension): string {
    if (typeof dimension === 'number') return this.#number(dimension);
    let name = this.#known.get(dimension);
    if (name === undefined) {
      name = this.#read(dimension) ?? this.#multiply(dimension);
      this.#known.set(dimension, name);
    }
    return name;
  }

  #canFind(dimension: string): boolean {
    if (this.#inputs.some((input) => input.shape.includes(dimension))) return true;
    const { names } = factors(dimension);
    return names.every((name) => name !== dimension && this.#canFind(name));
  }

  #read(dimension: string): string | undefined {
    const input = this.#inputs.find(({ shape }) => shape.includes(dimension));
    if (input === undefined) return undefined;
    const axis = input.shape.indexOf(dimension);
    return this.#emit('Shape', [input.name], { start: axis, end: axis + 1 });
  }

  #multiply(dimension: string): string {
    const { coefficient, names } = factors(dimension);
    if (names.length === 1 && coefficient === 1)
      return fail('GRAPH', `size ${dimension}: expected an input with an axis of this name, got none`);
    const parts = [...(coefficient === 1 ? [] : [coefficient]), ...names].map((part) => this.#size(part));
    return parts.reduce((total, part) => this.#emit('Mul', [total, part], {}));
  }

  #number(size: number): string {
    return this.#sink.constant({ type: 'int64', shape: [1], data: BigInt64Array.of(BigInt(size)) });
  }

  #next = 0;

  #emit(type: string, inputs: readonly string[], attributes: NamedNode['attributes']): string {
    const name = `size/${this.#next++}`;
    this.#sink.node({ type, domain: '', inputs, outputs: [name], attributes });
    return name;
  }
}
