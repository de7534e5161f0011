import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { NativeWords } from './native-words.ts';
import { markLine } from './protocol.ts';

test('reasons are found among the noise, between their marks, even when they come late', async () => {
  const stderr = new PassThrough();
  const words = new NativeWords(stderr);
  stderr.write(`llama_model_loader: loaded meta data\nload: error: an old story\n${markLine(1)}\n`);
  const before = words.before(2);
  stderr.write('print_info: n_ctx_train = 256\ngguf_init: fai');
  stderr.write(`led to read tensor data\nset_abort_callback: call\n\n${markLine(2)}\n`);
  expect(await before).toBe('gguf_init: failed to read tensor data');
  expect(await words.before(1)).toBe('load: error: an old story');
});

test("a failed assertion is told without the folders of the library's build", async () => {
  const stderr = new PassThrough();
  const words = new NativeWords(stderr);
  stderr.end(
    '/home/build/llama/llama.cpp/src/llama-context.cpp:1: GGML_ASSERT(n_tokens <= n_batch) failed\n',
  );
  await words.closed;
  expect(words.last()).toBe('src/llama-context.cpp:1: GGML_ASSERT(n_tokens <= n_batch) failed');
  // The mark will never come: the stream is over.
  expect(await words.before(1)).toMatch(/GGML_ASSERT/);
});
