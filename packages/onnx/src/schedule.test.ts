/** The order of nodes: what ONNX Runtime makes of it, simulated. */
import { expect, test } from 'vitest';
import type { NamedNode } from './onnx-file.ts';
import { scheduled } from './schedule.ts';

const node = (output: string, ...inputs: string[]): NamedNode => ({
  type: output,
  domain: '',
  inputs,
  outputs: [output],
  attributes: {},
});

/** Three layers: w is merged from an input, y read by the backward pass, which merges again; g is a result. */
const NODES = [
  node('w1', 'base1'),
  node('w2', 'base2'),
  node('w3', 'base3'),
  node('y1', 'x', 'w1'),
  node('y2', 'y1', 'w2'),
  node('y3', 'y2', 'w3'),
  node('loss', 'y3'),
  node('g3', 'y3', 'y2'),
  node('again3', 'base3'),
  node('d3', 'y3', 'again3'),
  node('g2', 'd3', 'y1'),
  node('again2', 'base2'),
  node('d2', 'd3', 'again2'),
  node('g1', 'd2', 'x'),
];

/** ReverseDFSFrom of ONNX Runtime: results last written first, inputs last written first. */
function orderOfRuntime(nodes: readonly NamedNode[]): string[] {
  const index = new Map(nodes.map((item, i) => [item.type, i]));
  const read = new Set(nodes.flatMap(({ inputs }) => inputs));
  const done: string[] = [];
  const visit = (i: number): void => {
    const { type, inputs } = nodes[i] as NamedNode;
    if (done.includes(type)) return;
    const before = inputs.flatMap((name) => index.get(name) ?? []).sort((a, b) => b - a);
    before.forEach(visit);
    done.push(type);
  };
  const results = nodes.flatMap(({ type }, i) => (read.has(type) ? [] : [i]));
  results.reverse().forEach(visit);
  return done;
}

test('each node stands after those it reads', () => {
  const order = scheduled(NODES).map(({ type }) => type);
  expect(order.toSorted()).toEqual(NODES.map(({ type }) => type).toSorted());
  for (const { type, inputs } of NODES)
    for (const name of inputs)
      if (order.includes(name)) expect(order.indexOf(name)).toBeLessThan(order.indexOf(type));
});

test('ONNX Runtime merges weights when they are read, and gives gradients when they are there', () => {
  const order = orderOfRuntime(scheduled(NODES));
  expect(order.join(' ')).toBe('w1 y1 w2 y2 w3 y3 g3 loss again3 d3 g2 again2 d2 g1');
  // Written as they were made, all merged weights wait in memory.
  expect(orderOfRuntime(NODES).slice(0, 2)).toEqual(['again2', 'again3']);
});
