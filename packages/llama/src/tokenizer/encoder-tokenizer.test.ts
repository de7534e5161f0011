/** A WordPiece tokenizer written out; ids against transformers are in the tests of text-models. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openEncoderTokenizer } from './encoder-tokenizer.ts';

const folder = mkdtempSync(join(tmpdir(), 'llama-xr-encoder-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const VOCABULARY = ['[UNK]', '[CLS]', '[SEP]', '[PAD]', 'heart', 'lung', '##s', '.'];
const control = (id: number) => ({ id, content: VOCABULARY[id], special: true });
const JSON_FILE = {
  added_tokens: [0, 1, 2, 3].map(control),
  normalizer: { type: 'BertNormalizer', lowercase: true, clean_text: true, handle_chinese_chars: true },
  pre_tokenizer: { type: 'BertPreTokenizer' },
  post_processor: {
    type: 'TemplateProcessing',
    single: [
      { SpecialToken: { id: '[CLS]', type_id: 0 } },
      { Sequence: { id: 'A', type_id: 0 } },
      { SpecialToken: { id: '[SEP]', type_id: 0 } },
    ],
    pair: [],
    special_tokens: {},
  },
  model: {
    type: 'WordPiece',
    unk_token: '[UNK]',
    continuing_subword_prefix: '##',
    max_input_chars_per_word: 100,
    vocab: Object.fromEntries(VOCABULARY.map((token, id) => [token, id])),
  },
};

test('text becomes word pieces between the tokens that stand around every text', () => {
  writeFileSync(join(folder, 'tokenizer.json'), JSON.stringify(JSON_FILE));
  for (const path of [folder, join(folder, 'tokenizer.json')]) {
    const tokenizer = openEncoderTokenizer(path);
    expect(tokenizer.encode('Hearts, lungs.')).toEqual([1, 4, 6, 0, 5, 6, 7, 2]);
    expect([...tokenizer.special]).toEqual([1, 2]);
    expect(tokenizer.pad).toBe(3);
  }
});

test('what is no tokenizer is refused', () => {
  const path = join(folder, 'other.json');
  writeFileSync(path, '{"model": {"type": "Nothing"}}');
  expect(() => openEncoderTokenizer(path)).toThrow(/expected a tokenizer of Hugging Face/);
  expect(() => openEncoderTokenizer(join(folder, 'none.json'))).toThrow(/no such file/);
});
