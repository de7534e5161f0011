import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openTokenizer } from '../index.ts';

/** By the Python package tokenizers: see reference/hugging-face-tokenizer.py. */
const GOLDEN = join(import.meta.dirname, '../golden');
const SOURCE = join(GOLDEN, 'tiny-tokenizer');
const read = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;

const folder = mkdtempSync(join(tmpdir(), 'llama-xr-hf-tokenizer-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('texts get the ids of the Python package', () => {
  const tokenizer = openTokenizer(SOURCE);
  const texts = read(join(GOLDEN, 'tokens.json')).texts as string[];
  const ids = read(join(SOURCE, 'expected.json')).ids as number[][];
  for (const [i, text] of texts.entries()) {
    expect(tokenizer.encode(text, { special: true }), JSON.stringify(text)).toEqual(ids[i]);
    expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
  }
  const [bos, eot] = ['<|begin_of_text|>', '<|eot_id|>'].map((name) => tokenizer.tokenId(name));
  expect(tokenizer).toMatchObject({ bos, eos: eot, addsBos: true, chatTemplate: '{{ messages }}' });
  expect(tokenizer.stop).toEqual([eot, tokenizer.tokenId('<|im_end|>')]);
  expect(tokenizer.encode('a<|eot_id|>')).not.toContain(eot);
});

test.each([
  ['another model', { model: { type: 'Unigram' } }, /expected a BPE without normalizer, got Unigram/],
  ['a normalizer', { normalizer: { type: 'NFC' } }, /expected a BPE without normalizer/],
  [
    'other words',
    { pre_tokenizer: { type: 'Metaspace' } },
    /expected Split, Digits or ByteLevel, got Metaspace/,
  ],
  [
    'a removed split',
    { pre_tokenizer: { type: 'Split', pattern: { Regex: 'a' }, behavior: 'Removed' } },
    /an isolated regular/,
  ],
  [
    'a broken expression',
    { pre_tokenizer: { type: 'Split', pattern: { Regex: '(' }, behavior: 'Isolated' } },
    /tokenizer\.json: Invalid regular/,
  ],
  ['broken ids', { added_tokens: [{ content: 'x', id: -1 }] }, /expected a token and its id, got \["x",-1\]/],
])('%s: refused by name', (_name, fields, message) => {
  cpSync(SOURCE, folder, { recursive: true });
  writeFileSync(
    join(folder, 'tokenizer.json'),
    JSON.stringify({ ...read(join(SOURCE, 'tokenizer.json')), ...fields }),
  );
  expect(() => openTokenizer(folder)).toThrow(message);
});

test('no end of text, and no tokenizer at all, are named', () => {
  cpSync(SOURCE, folder, { recursive: true });
  writeFileSync(join(folder, 'tokenizer_config.json'), '{}');
  expect(() => openTokenizer(folder)).toThrow(/eos_token: expected the name of a token/);
  rmSync(join(folder, 'tokenizer.json'));
  expect(() => openTokenizer(folder)).toThrow(/tokenizer\.json: no such file/);
});
