import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import {
  AtomicFile,
  escapeHtml,
  type LlamaXrError,
  Mistakes,
  Random,
  readJson5,
  readJsonLines,
  sha256,
  writeFileAtomic,
} from './index.ts';

const folder = mkdtempSync(join(tmpdir(), 'llama-xr-core-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('equal seeds draw equal numbers, and a restored state goes on with the same ones', () => {
  const a = new Random(3407);
  const b = new Random(3407);
  expect(Array.from({ length: 5 }, () => a.next())).toEqual(Array.from({ length: 5 }, () => b.next()));
  const saved = a.state;
  const ahead = [a.normal(), a.int(1000), a.next()];
  a.state = saved;
  expect([a.normal(), a.int(1000), a.next()]).toEqual(ahead);
  expect(new Random(1).next()).not.toBe(new Random(2).next());
});

test('the numbers are uniform and normal enough to trust', () => {
  const random = new Random('moments');
  const n = 20_000;
  const uniform = Array.from({ length: n }, () => random.next());
  const normal = Array.from({ length: n }, () => random.normal());
  const mean = (x: number[]) => x.reduce((sum, v) => sum + v, 0) / x.length;
  expect(mean(uniform)).toBeCloseTo(0.5, 1);
  expect(mean(uniform.map((v) => v * v))).toBeCloseTo(1 / 3, 1);
  expect(mean(normal)).toBeCloseTo(0, 1);
  expect(mean(normal.map((v) => v * v))).toBeCloseTo(1, 1);
});

test('a derangement moves every element and loses none', () => {
  for (const n of [2, 3, 10, 101]) {
    const order = new Random(n).derangement(n);
    expect([...order].sort((x, y) => x - y)).toEqual(Array.from({ length: n }, (_, i) => i));
    expect(order.every((v, i) => v !== i)).toBe(true);
  }
});

test('a file that is not committed leaves nothing behind, and the old one stays', () => {
  const path = join(folder, 'whole.txt');
  writeFileAtomic(path, 'old');
  {
    using file = new AtomicFile(path);
    file.write('half of the n');
  }
  expect(readFileSync(path, 'utf8')).toBe('old');
  expect(readdirSync(folder)).toEqual(['whole.txt']);
});

test('JSON lines name the file and the line of a mistake', async () => {
  const path = join(folder, 'bad.jsonl');
  writeFileAtomic(path, '{"a":1}\n\n{"a":\n');
  const read = async () => {
    for await (const _ of readJsonLines(path));
  };
  await expect(read()).rejects.toThrow(/bad\.jsonl:3: expected one JSON value a line/);
  await expect(readJsonLines(join(folder, 'none.jsonl')).next()).rejects.toThrow(/none\.jsonl: no such file/);
});

test('mistakes are told all at once', () => {
  const mistakes = new Mistakes();
  mistakes.throwIfAny('CONFIG', 'recipe.json');
  mistakes.add('rank: expected an integer >= 1, got -4');
  mistakes.add('colour: unknown field');
  expect(() => mistakes.throwIfAny('CONFIG', 'recipe.json')).toThrow(
    /2 mistakes\n {2}- rank.*\n {2}- colour/,
  );
  try {
    mistakes.throwIfAny('CONFIG', 'recipe.json');
  } catch (error) {
    expect((error as LlamaXrError).exitCode).toBe(78);
  }
});

test('of very many mistakes the first are told and the rest counted', () => {
  const mistakes = new Mistakes();
  for (let i = 0; i < 1000; i++) mistakes.add(`line ${i}`);
  expect(() => mistakes.throwIfAny('FILE_FORMAT', 'x.csv')).toThrow(/1000 mistakes\n {2}- line 0\n/);
  expect(() => mistakes.throwIfAny('FILE_FORMAT', 'x.csv')).toThrow(/line 49\n {2}- and 950 more$/);
});

test('sha256 agrees with the published vector (FIPS 180-4, "abc")', () => {
  expect(sha256('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});

test('a file written by hand may hold comments, and a slip in it is told with its line', async () => {
  const path = join(folder, 'by-hand.json5');
  writeFileAtomic(path, '{ // why\n  name: "x", list: [1, 2,], }');
  expect(await readJson5(path)).toEqual({ name: 'x', list: [1, 2] });
  writeFileAtomic(path, '{\n  name: oops }');
  await expect(readJson5(path)).rejects.toThrow(/by-hand\.json5: expected JSON.*2:9/);
});

test('text in HTML stays text, between tags and in attributes', () => {
  expect(escapeHtml(`<a href="x" title='y'>&`)).toBe('&#60;a href=&#34;x&#34; title=&#39;y&#39;&#62;&#38;');
});
