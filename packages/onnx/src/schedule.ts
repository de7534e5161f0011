/**
 * The order in which a graph's nodes are written, which decides how long what they compute is kept. ONNX Runtime
 * 1.30 runs a graph in an order of its own: it takes the nodes whose results no node reads, the last written first, and
 * goes back from each through its inputs, again the last written first (graph_viewer.cc, ReverseDFSFrom). So a chain of
 * layers wants to be written after what is cheap to compute just before it is read (merged weights, what the backward
 * pass computes again), and results that are ready early want to be written last: else all of them wait for the end of
 * the chain, and what they are made from is kept until then.
 */
import type { NamedNode } from './onnx-file.ts';

/** The same nodes, each after those that it reads; by the length of the longest chain that leads to them. */
export function scheduled(nodes: readonly NamedNode[]): NamedNode[] {
  const depths = new Map<string, number>();
  const read = new Set<string>();
  const placed = nodes.map((node) => {
    const depth = 1 + Math.max(-1, ...node.inputs.map((name) => depths.get(name) ?? -1));
    for (const name of node.inputs) read.add(name);
    for (const name of node.outputs) depths.set(name, depth);
    return { node, depth };
  });
  const isRead = ({ node }: { node: NamedNode }) => node.outputs.some((name) => read.has(name));
  const inner = placed.filter(isRead).sort((a, b) => a.depth - b.depth);
  const last = placed.filter((item) => !isRead(item)).sort((a, b) => b.depth - a.depth);
  return [...inner, ...last].map(({ node }) => node);
}
