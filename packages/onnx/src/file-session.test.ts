/** ONNX files by their names: one that is written here, and what is no ONNX file. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tensor } from '@llama-xr/tensor';
import { afterAll, expect, test } from 'vitest';
import { add, compile, f32, input, openFile, scale } from './index.ts';

const folder = mkdtempSync(join(tmpdir(), 'llama-xr-onnx-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const path = join(folder, 'graph.onnx');
const x = input('x', f32, ['T', 2]);
writeFileSync(path, compile({ twice: scale(x, 2), sum: add(x, x) }, 'graph').bytes);
const feed = tensor('float32', [2, 2], Float32Array.of(1, 2, 3, 4));

test('a file tells its inputs and outputs, and computes those wanted', async () => {
  await using session = await openFile(path, { threads: 1 });
  expect(session.inputs.map(({ name, type }) => [name, type])).toEqual([['x', 'float32']]);
  expect(session.inputs[0]?.shape.at(-1)).toBe(2);
  expect(session.outputs.map(({ name }) => name)).toEqual(['twice', 'sum']);
  const { twice, ...others } = await session.run({ x: feed }, ['twice']);
  expect(twice).toMatchObject({ dtype: 'float32', shape: [2, 2], data: Float32Array.of(2, 4, 6, 8) });
  expect(others).toEqual({});
  expect(Object.keys(await session.run({ x: feed }))).toEqual(['twice', 'sum']);
});

test('mistakes are named', async () => {
  const session = await openFile(path, { threads: 1 });
  await expect(session.run({})).rejects.toThrow(/expected a feed for x, got none/);
  await expect(session.run({ x: feed }, ['half'])).rejects.toThrow(
    /expected an output of twice, sum, got half/,
  );
  const wrong = tensor('float32', [4], Float32Array.of(1, 2, 3, 4));
  await expect(session.run({ x: wrong })).rejects.toThrow(/ONNX Runtime stopped/);
  await session[Symbol.asyncDispose]();
  await expect(session.run({ x: feed })).rejects.toThrow(/was closed/);
});

test('what is no ONNX file is refused', async () => {
  const other = join(folder, 'other.onnx');
  writeFileSync(other, 'not a graph');
  await expect(openFile(other)).rejects.toThrow(/ONNX Runtime refused the graph/);
  await expect(openFile(join(folder, 'none.onnx'))).rejects.toThrow(/no such file/);
  await expect(openFile(folder)).rejects.toThrow(/expected an ONNX file, got a folder/);
});
