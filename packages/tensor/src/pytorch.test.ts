import { existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LlamaXrError } from '@llama-xr/core';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { PickledObject, readPytorch, stateDict, type Tensor, toFloat32 } from './index.ts';
import { CopyBudget, rebuildTensor, Storage } from './pytorch-tensor.ts';

/** By torch.save: see reference/pytorch-files.py. */
const GOLDEN = join(import.meta.dirname, 'golden/pytorch');
const golden = JSON.parse(readFileSync(join(GOLDEN, 'expected.json'), 'utf8')) as Record<
  'tensors' | 'module',
  Record<string, { shape: number[]; dtype?: string; values: number[] }>
>;
const at = (name: string) => join(GOLDEN, name);

const folder = mkdtempSync(join(tmpdir(), 'llama-xr-pytorch-'));
afterAll(() => rmSync(folder, { recursive: true }));

function expectTensors(tensors: ReadonlyMap<string, Tensor>, expected: (typeof golden)['tensors']): void {
  expect([...tensors.keys()].toSorted()).toEqual(Object.keys(expected).toSorted());
  for (const [name, { shape, dtype, values }] of Object.entries(expected)) {
    const tensor = tensors.get(name) as Tensor;
    expect(tensor.shape, name).toEqual(shape);
    if (dtype !== undefined) expect(tensor.dtype, name).toBe(dtype);
    expect([...toFloat32(tensor)], name).toEqual(values.map(Math.fround));
  }
}

test.each(['checkpoint-zip.pt', 'checkpoint-legacy.pt'])(
  '%s: a checkpoint is read as torch wrote it',
  (name) => {
    const tree = readPytorch(at(name)) as Map<string, unknown>;
    const { state_dict: _, ...rest } = Object.fromEntries(tree);
    expect(rest).toEqual({
      epoch: 3,
      loss: 0.5,
      name: 'röntgen',
      best: null,
      done: true,
      big: 2n ** 70n,
      steps: [1, -2, 70000],
      shape: [2, 3],
      dtype: { kind: 'constant', name: 'torch.float16' },
    });
    expectTensors(stateDict(tree), golden.tensors);
  },
);

test('a bare state dict of pickle protocol 4 is read', () => {
  expectTensors(stateDict(readPytorch(at('protocol4.pt'))), golden.tensors);
});

test.each(['module-zip.pt', 'module-legacy.pt'])(
  '%s: a whole module is inert data with the weights in it',
  (name) => {
    const tree = readPytorch(at(name)) as PickledObject;
    expect(tree).toBeInstanceOf(PickledObject);
    expect(tree.className).toBe('torch.nn.modules.container.Sequential');
    expect(tree.state.get('pathologies')).toEqual(['Atelectasis', 'Effusion']);
    expectTensors(stateDict(tree), golden.module);
  },
);

test.each([
  ['system', 'posix.system'],
  ['eval', '__builtin__.eval'],
  ['getattr', '__builtin__.getattr'],
])('a pickle that asks for %s is refused by name, and nothing runs', (name, wanted) => {
  const read = () => readPytorch(at(`hostile-${name}.pt`));
  expect(read).toThrow(expect.objectContaining({ code: 'FILE_HOSTILE' }));
  expect(read).toThrow(`hostile-${name}.pt: the pickle asks for "${wanted}"`);
  expect(existsSync('hacked')).toBe(false);
});

/** The state dict's file with some bytes replaced where they stand last: there, in the zip directory. */
function forged(from: Buffer, to: Buffer): string {
  const bytes = readFileSync(at('protocol4.pt'));
  const place = bytes.lastIndexOf(from);
  expect(place).toBeGreaterThan(0);
  to.copy(bytes, place);
  writeFileSync(join(folder, 'forged.pt'), bytes);
  return join(folder, 'forged.pt');
}

test.each([
  // BININT1 of the strides 12, 4, 1 of the first tensor.
  [
    'a stride beyond its storage',
    [0x4b, 12, 0x4b, 4, 0x4b, 1],
    [0x4b, 255],
    /\[255, 4, 1\] at 0: leaves its storage of 24/,
  ],
  ['big-endian numbers', 'little', 'BIGBIG', /expected little-endian numbers, got BIGBIG/],
  ['a missing storage', 'data/0', 'data/x', /storage 0 is missing/],
  ['a storage of another size', 'data/2', 'data/0', /stands there twice/],
  [
    'compression',
    'PK\x01\x02\x00\x00\x00\x00\x08\x08\x00',
    'PK\x01\x02\x00\x00\x00\x00\x08\x08\x08',
    /stored plainly/,
  ],
] as const)('%s is refused', (_name, from, to, message) => {
  const bytes = (value: string | readonly number[]) => Buffer.from(value as string, 'latin1');
  expect(() => readPytorch(forged(bytes(from), bytes(to)))).toThrow(message);
});

const view = fc.record({
  extents: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }),
  offset: fc.nat(3),
  steps: fc.array(fc.integer({ min: 1, max: 2 }), { minLength: 4, maxLength: 4 }),
  order: fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }),
});

test('any view of a storage has the elements that its strides say', () => {
  fc.assert(
    fc.property(view, ({ extents, offset, steps, order }) => {
      // Strides of a tensor laid out in another order of axes, with gaps.
      const strides = extents.map(() => 0);
      let size = 1;
      for (const axis of order.filter((a) => a < extents.length)) {
        strides[axis] = size * (steps[axis] as number);
        size = strides[axis] * (extents[axis] as number);
      }
      const numbers = Float32Array.from({ length: offset + size }, (_, i) => i);
      const storage = new Storage('float32', numbers.length, () => numbers);
      const { data } = rebuildTensor(
        'x.pt',
        [storage, offset, extents, strides],
        new CopyBudget('x.pt', 1e6),
      );
      const walk = (axis: number, from: number): number[] =>
        axis === extents.length
          ? [from]
          : Array.from({ length: extents[axis] as number }, (_, i) =>
              walk(axis + 1, from + i * (strides[axis] as number)),
            ).flat();
      expect([...data]).toEqual(walk(0, offset));
    }),
  );
});

test('a view that repeats its storage, or endless copies of it, are refused', () => {
  const storage = new Storage('float32', 4, () => new Float32Array(4));
  const rebuild = (shape: number[], strides: number[], budget = 1e6) =>
    rebuildTensor('x.pt', [storage, 0, shape, strides], new CopyBudget('x.pt', budget));
  expect(() => rebuild([1e9, 1e9], [0, 0])).toThrow(/impossible shape/);
  expect(() => rebuild([1e6], [0])).toThrow(/repeats the 4 elements/);
  expect(() => rebuild([2, 2], [1, 2], 15)).toThrow(/more memory than the file has bytes/);
  expect(() => rebuild([2], [-1])).toThrow(/expected a tensor's storage, offset, size and stride/);
});

test('files of other kinds are told apart', () => {
  const path = join(folder, 'other.pt');
  for (const [content, message] of [
    ['', /expected a file of torch\.save/],
    ['GGUF and then some more text', /begins with 0x47475546/],
    ['PK\x03\x04 but not a whole zip file', /table of contents is missing/],
  ] as const) {
    writeFileSync(path, content);
    expect(() => readPytorch(path)).toThrow(message);
  }
  expect(() => stateDict(new Map([['epoch', 3]]))).toThrow(/expected a state dict/);
});

test('modules that contain each other, or too many, are refused', () => {
  const loop = new PickledObject('torch.nn.Sequential', []);
  loop.state.set('_modules', new Map([['0', loop]]));
  expect(() => stateDict(loop)).toThrow(/more than 64 levels/);
  let wide = new PickledObject('torch.nn.Linear', []);
  for (let depth = 0; depth < 40; depth++) {
    const twice = new PickledObject('torch.nn.Sequential', []);
    twice.state.set(
      '_modules',
      new Map([
        ['0', wide],
        ['1', wide],
      ]),
    );
    wide = twice;
  }
  expect(() => stateDict(wide)).toThrow(/100000 parts/);
});

function readAll(path: string): void {
  for (const tensor of stateDict(readPytorch(path)).values()) toFloat32(tensor);
}

test.each(['protocol4.pt', 'checkpoint-legacy.pt'])(
  '%s cut at every third place is refused as ours',
  (name) => {
    const path = join(folder, 'cut.pt');
    const whole = readFileSync(at(name));
    writeFileSync(path, whole);
    for (let length = whole.length - 1; length >= 0; length -= 3) {
      truncateSync(path, length);
      try {
        readAll(path);
        expect.fail(`cut at ${length}: read without an error`);
      } catch (error) {
        expect(error).toBeInstanceOf(LlamaXrError);
      }
    }
  },
);

test.each(['checkpoint-zip.pt', 'module-zip.pt', 'module-legacy.pt'])(
  '%s with any bytes overwritten is read, or refused as ours',
  (name) => {
    const whole = readFileSync(at(name));
    const patch = fc.record({
      where: fc.nat(whole.length - 1),
      bytes: fc.oneof(
        fc.uint8Array({ minLength: 1, maxLength: 8 }),
        fc.constant(new Uint8Array(8).fill(0xff)),
      ),
    });
    fc.assert(
      fc.property(fc.array(patch, { minLength: 1, maxLength: 3 }), (patches) => {
        const damaged = Buffer.from(whole);
        for (const { where, bytes } of patches) damaged.set(bytes.subarray(0, damaged.length - where), where);
        writeFileSync(join(folder, 'damaged.pt'), damaged);
        try {
          readAll(join(folder, 'damaged.pt'));
        } catch (error) {
          expect(error).toBeInstanceOf(LlamaXrError);
        }
      }),
      { numRuns: 150 },
    );
  },
);
