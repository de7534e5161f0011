import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LlamaXrError } from '@llama-xr/core';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { FileBytes } from './file-bytes.ts';
import { ForwardReader } from './forward-reader.ts';
import { unpickle } from './pickle.ts';
import { TorchHost } from './pytorch-host.ts';

const folder = mkdtempSync(join(tmpdir(), 'llama-xr-pickle-'));
afterAll(() => rmSync(folder, { recursive: true }));

function run(bytes: Uint8Array): unknown {
  const path = join(folder, 'pickle');
  writeFileSync(path, bytes);
  using file = new FileBytes(path);
  return unpickle(
    new ForwardReader(file),
    new TorchHost(
      path,
      () => expect.fail('no storage here'),
      () => null,
    ),
  );
}
const text = (source: string) => run(Buffer.from(source, 'latin1'));

test.each([
  // By pickle.dumps(value, 2) of Python 3.11.
  ['\x80\x02]q\x00(K\x01J\xfe\xff\xff\xffM,\x01\x8a\x05\x00\x00\x00\x00\x01e.', [1, -2, 300, 2 ** 32]],
  [
    '\x80\x02}q\x00(X\x01\x00\x00\x00aq\x01K\x01X\x01\x00\x00\x00bq\x02N\x88\x89\x87q\x03u.',
    new Map<string, unknown>([
      ['a', 1],
      ['b', [null, true, false]],
    ]),
  ],
  ['\x80\x02G?\xf8\x00\x00\x00\x00\x00\x00.', 1.5],
  ['\x80\x02c__builtin__\nset\nq\x00]q\x01(K\x01K\x02e\x85q\x02Rq\x03.', new Set([1, 2])],
  ['\x80\x02\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x00\x80.', -(2n ** 71n)],
  // By pickle.dumps({'a': (b'x', {7})}, 4).
  [
    '\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00}\x94\x8c\x01a\x94C\x01x\x94\x8f\x94(K\x07\x90\x86\x94s.',
    new Map([['a', [Uint8Array.of(0x78), new Set([7])]]]),
  ],
])('%j is read as Python reads it', (source, value) => {
  expect(text(source)).toEqual(value);
});

test.each([
  ['an empty stack', '\x80\x02.', /the stack is empty/],
  ['a mark as a value', '\x80\x02(.', /the stack is empty/],
  ['no mark', '\x80\x02K\x01t.', /no mark on the stack/],
  ['an unknown memo', '\x80\x02h\x07.', /nothing was stored under 7/],
  ['items for a number', '\x80\x02K\x01K\x02K\x03s.', /expected a dict and pairs/],
  ['an opcode of protocol 0', 'I1\n.', /opcode 0x49/],
  ['protocol 9', '\x80\x09N.', /expected protocol 5 or less/],
  ['a text of 4 GB', '\x80\x02X\xff\xff\xff\xffabc.', /pickle: expected 4294967295 bytes at 7, got 4/],
  ['os.system by STACK_GLOBAL', '\x80\x04\x8c\x02os\x8c\x06system\x93.', /asks for "os\.system"/],
  ['a global of endless name', `\x80\x02c${'a'.repeat(400)}`, /a name of at most 256/],
  ['a call of a number', '\x80\x02K\x01)R.', /a call of what is no global/],
  ['a call of a storage type', '\x80\x02ctorch\nFloatStorage\n)R.', /a call of a storage/],
  ['a state for a list', '\x80\x02]}b.', /a state for what is no object/],
])('%s is refused', (_name, source, message) => {
  expect(() => text(source)).toThrow(message);
});

test('a pickle of endless opcodes is stopped', () => {
  const bytes = Buffer.alloc(3_000_000, 'N0');
  expect(() => run(bytes)).toThrow(/at most 1048576 opcodes/);
});

test('a class is data: its arguments and state are kept, nothing is called', () => {
  expect(text('\x80\x02ctorch.nn.modules.linear\nLinear\n)\x81}X\x04\x00\x00\x00biasNsb.')).toEqual({
    className: 'torch.nn.modules.linear.Linear',
    args: [],
    state: new Map([['bias', null]]),
  });
});

test('any bytes are read, or refused as ours', () => {
  const opcode = fc.constantFrom(
    ...Buffer.from('.N\x88\x89JKM\x8aGX\x8cUBCqr\x94hj(])}\x8ft\x85\x86\x87aesu\x900c\x93R\x81bQ', 'latin1'),
  );
  const bytes = fc.array(fc.oneof({ weight: 4, arbitrary: opcode }, fc.nat(255)), { maxLength: 40 });
  fc.assert(
    fc.property(bytes, (program) => {
      try {
        run(Uint8Array.from([0x80, 2, ...program]));
      } catch (error) {
        expect(error).toBeInstanceOf(LlamaXrError);
      }
    }),
    { numRuns: 1000 },
  );
});

test('a part of a file larger than any memory is refused', () => {
  const path = join(folder, 'sparse');
  writeFileSync(path, '');
  truncateSync(path, 2 ** 42);
  using file = new FileBytes(path);
  expect(() => file.read(0, 2 ** 42, 'all')).toThrow(/sparse: all: no memory for 4398046511104 bytes/);
});
