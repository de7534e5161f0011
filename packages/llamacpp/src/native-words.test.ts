import { writeSync } from 'node:fs';
import { expect, test } from 'vitest';
import { NativeWords } from './native-words.ts';

test('reasons are found among the noise, each told once', () => {
  using words = new NativeWords();
  const write = (text: string) => writeSync(words.descriptor, text);
  expect(words.take()).toBe('');
  write('llama_model_loader: loaded meta data\nload: error: an old story\n');
  expect(words.take()).toBe('load: error: an old story');
  write(
    'print_info: rope_finetuned = unknown\ngguf_init: failed to read tensor data\r\nset_abort_callback: call\n',
  );
  expect(words.take()).toBe('gguf_init: failed to read tensor data');
  expect(words.take()).toBe('');
});

test('of many words the last are told, without the folders of the build', () => {
  using words = new NativeWords();
  for (let i = 0; i < 5000; i++)
    writeSync(words.descriptor, `error: number ${i}, which nobody needs to know\n`);
  writeSync(
    words.descriptor,
    '/home/build/llama/llama.cpp/src/llama-context.cpp:1: GGML_ASSERT(n_tokens <= n_batch) failed\n',
  );
  const told = words.take().split('; ');
  expect(told).toHaveLength(4);
  expect(told.at(-1)).toBe('src/llama-context.cpp:1: GGML_ASSERT(n_tokens <= n_batch) failed');
});
