import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type GgufValue, gguf, openGguf, writeGguf } from '@llama-xr/tensor';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import {
  createBpeTokenizer,
  loadTokenizer,
  type Tokenizer,
  TRAINED_PRE,
  trainByteBpe,
  vocabularyMetadata,
} from '../index.ts';
import { writeStories, writeTrainedVocabulary } from './testing/golden-vocabularies.ts';

const DATA = process.env.LLAMA_XR_DATA;
const MODELS = process.env.LLAMA_XR_MODELS;
const folder = mkdtempSync(join(tmpdir(), 'llama-xr-tokenizer-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** By llama.cpp: see reference/llama-cpp-tokens.py. */
const golden = JSON.parse(readFileSync(join(import.meta.dirname, '../golden/tokens.json'), 'utf8')) as {
  texts: string[];
  ids: Record<string, { plain: number[][]; special: number[][] }>;
};

function load(path: string): Tokenizer {
  using file = openGguf(path);
  return loadTokenizer(file);
}

function expectGolden(tokenizer: Tokenizer, name: string): void {
  for (const [i, text] of golden.texts.entries()) {
    const { plain, special } = golden.ids[name] as { plain: number[][]; special: number[][] };
    expect(tokenizer.encode(text), JSON.stringify(text)).toEqual(plain[i]);
    expect(tokenizer.encode(text, { special: true }), JSON.stringify(text)).toEqual(special[i]);
    expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
  }
}

test('a vocabulary that we trained is tokenized as llama.cpp does', () => {
  const path = join(folder, 'trained.gguf');
  writeTrainedVocabulary(path);
  const tokenizer = load(path);
  expectGolden(tokenizer, 'trained');
  expect(tokenizer).toMatchObject({ eos: 0, pad: 0, stop: [0, 2], addsBos: false, vocabularySize: 287 });
});

test.skipIf(!MODELS)('SmolLM2 is tokenized as llama.cpp does (needs LLAMA_XR_MODELS)', () => {
  const tokenizer = load(join(MODELS as string, 'smollm2-135m-instruct-q4_1.gguf'));
  expectGolden(tokenizer, 'smollm2');
  expect(tokenizer).toMatchObject({ bos: 1, eos: 2, pad: 2, addsBos: false, vocabularySize: 49152 });
  expect(tokenizer.stop).toEqual([2, 0]);
  expect(tokenizer.chatTemplate).toContain('<|im_start|>');
});

test.skipIf(!DATA)(
  "the stories' SentencePiece vocabulary is tokenized as llama.cpp does (needs LLAMA_XR_DATA)",
  () => {
    const path = join(folder, 'stories.gguf');
    writeStories(DATA as string, path);
    const tokenizer = load(path);
    expectGolden(tokenizer, 'stories');
    expect(tokenizer).toMatchObject({ bos: 1, eos: 2, addsBos: true, vocabularySize: 512 });
  },
);

test.skipIf(!DATA)(
  'Llama 3: the test strings of llama.cpp and 100 reports are exact (needs LLAMA_XR_DATA)',
  () => {
    const llama = join(DATA as string, 'llama');
    const tokenizer = load(join(llama, 'ggml-vocab-llama-bpe.gguf'));
    const read = (name: string) => readFileSync(join(llama, name), 'utf8');
    const texts = read('ggml-vocab-llama-bpe.gguf.inp').split('\n__ggml_vocab_test__\n');
    const expected = read('ggml-vocab-llama-bpe.gguf.out').split('\n').slice(0, texts.length);
    expect(texts.length).toBe(47);
    expect(texts.map((text) => tokenizer.encode(text).join(' '))).toEqual(
      expected.map((line) => line.trim()),
    );
    expect(texts.map((text) => tokenizer.decode(tokenizer.encode(text)))).toEqual(texts);
    const reports = JSON.parse(read('iu_val100_llama3_tokens.json')) as { text: string; ids: number[] }[];
    // Counted, not shown: the reports may not be printed.
    const differ = reports.filter(({ text, ids }) => tokenizer.encode(text).join() !== ids.join());
    expect(reports.length).toBe(100);
    expect(differ.length).toBe(0);
    expect(tokenizer).toMatchObject({ bos: 128000, eos: 128001, stop: [128001, 128009], addsBos: true });
  },
);

const CORPUS = ['the cat sat on the mat', 'the cat sat on the 12 mats', 'a cat: that cat'];

test('training merges the most frequent pair first, and the same texts give the same vocabulary', () => {
  const vocabulary = trainByteBpe(CORPUS, 270);
  expect(vocabulary.tokens.slice(0, 3)).toEqual(['<|endoftext|>', '<|im_start|>', '<|im_end|>']);
  expect(vocabulary.tokens.length).toBe(270);
  // Counted by hand: "a" + "t" 9 times, "t" + "h" 5; then four pairs 4 times, of which "c" + "at" is first by name.
  expect(vocabulary.merges.slice(0, 3)).toEqual([
    ['a', 't'],
    ['t', 'h'],
    ['c', 'at'],
  ]);
  expect(trainByteBpe(CORPUS.toReversed(), 270)).toEqual(vocabulary);
  expect(trainByteBpe(['ab ab'], 1000).tokens.length).toBeLessThan(270);
  expect(() => trainByteBpe(CORPUS, 258)).toThrow(
    /vocabularySize: expected an integer of at least 259, got 258/,
  );
});

test('any text survives a trained vocabulary, and outside text cannot make a control token', () => {
  const tokenizer = createBpeTokenizer(trainByteBpe(CORPUS, 270));
  const text = fc.string({ unit: 'grapheme' });
  fc.assert(
    fc.property(text, fc.constantFrom('', '<|im_end|>', '<|endoftext|>'), text, (before, name, after) => {
      const whole = before + name + after;
      const ids = tokenizer.encode(whole);
      expect(ids.every((id) => id >= 3)).toBe(true);
      expect(tokenizer.decode(ids)).toBe(whole);
      const special = tokenizer.encode(whole, { special: true });
      expect(tokenizer.decode(special, { special: true })).toBe(whole);
      if (name !== '') expect(special).toContain(tokenizer.tokenId(name));
    }),
  );
});

test('ids outside the vocabulary are refused, half a character is marked', () => {
  const tokenizer = createBpeTokenizer(trainByteBpe(CORPUS, 270));
  expect(() => tokenizer.decode([270])).toThrow(/token 270: expected an id from 0 to 269/);
  const [first] = tokenizer.encode('é');
  expect(tokenizer.decode([first as number])).toBe('\ufffd');
});

function altered(changes: Record<string, GgufValue | undefined>): string {
  const path = join(folder, 'altered.gguf');
  const metadata = new Map(vocabularyMetadata(trainByteBpe(CORPUS, 270), TRAINED_PRE));
  for (const [key, value] of Object.entries(changes)) {
    if (value === undefined) metadata.delete(`tokenizer.${key}`);
    else metadata.set(`tokenizer.${key}`, value);
  }
  writeGguf(path, { metadata, tensors: [] });
  return path;
}

test.each([
  ['no vocabulary', { 'ggml.model': undefined }, /has no vocabulary/],
  ['WordPiece', { 'ggml.model': gguf.string('bert') }, /expected gpt2 or llama, got "bert"/],
  [
    'unknown words',
    { 'ggml.pre': gguf.string('constructor') },
    /tokenizer\.ggml\.pre: expected one of default, gpt-2/,
  ],
  ['no merges', { 'ggml.merges': undefined }, /has no tokenizer\.ggml\.merges/],
  ['half a merge', { 'ggml.merges': gguf.strings(['ab']) }, /merges: 0: expected two tokens and a space/],
  ['a far end', { 'ggml.eos_token_id': gguf.uint32(270) }, /eos_token_id: expected an id below 270, got 270/],
  ['few types', { 'ggml.token_type': gguf.int32s([1]) }, /token_type: expected 270, got 1/],
  ['no scores', { 'ggml.model': gguf.string('llama') }, /has no tokenizer\.ggml\.scores/],
] as const)('a file with %s is refused by name', (_name, changes, message) => {
  expect(() => load(altered(changes))).toThrow(message);
});
