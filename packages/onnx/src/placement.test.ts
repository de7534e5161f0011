/** Where nodes ran, read from ONNX Runtime's own profile. */
import { expect, test } from 'vitest';
import { gemm } from './operators/matrix.ts';
import { measurePlacement, placementsIn } from './placement.ts';
import { open } from './session.ts';
import { f32, input } from './value.ts';

test('nodes of the sessions that were opened meanwhile, by graph, operator and provider', async () => {
  const graph = gemm(input('a', f32, [2, 3]), input('b', f32, [3, 2]));
  const feeds = { a: new Float32Array(6).fill(1), b: new Float32Array(6).fill(2) };
  const { result, placements } = await measurePlacement(async () => {
    await using session = await open(graph, { name: 'product' });
    await session.run(feeds);
    return await session.run(feeds);
  });
  expect(result.data[0]).toBe(6);
  expect(placements).toEqual([
    { session: 0, graph: 'product', operator: 'Gemm', provider: 'CPUExecutionProvider', nodes: 1 },
  ]);
  await using later = await open(graph);
  await later.run(feeds);
});

test('a node that ran twice counts once; what is no node does not count', () => {
  const node = (name: string, provider: string) => ({
    cat: 'Node',
    name,
    args: { op_name: 'Split', provider },
  });
  const events = [
    { cat: 'Session', name: 'model_run' },
    node('Split.1_kernel_time', 'Cpu'),
    node('Split.1_kernel_time', 'Cpu'),
    node('Split.2_kernel_time', 'Gpu'),
    { cat: 'Node', name: 'Split.2_fence_before', args: { op_name: 'Split' } },
  ];
  expect(placementsIn(JSON.stringify(events), { graph: 'g', number: 3 })).toEqual([
    { session: 3, graph: 'g', operator: 'Split', provider: 'Cpu', nodes: 1 },
    { session: 3, graph: 'g', operator: 'Split', provider: 'Gpu', nodes: 1 },
  ]);
});
