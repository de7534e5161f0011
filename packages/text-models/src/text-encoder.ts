/**
 * A transformer encoder of texts as an ONNX file with the `tokenizer.json` of its model: BERT, RoBERTa and their kin, as
 * reference/text_models.py exports them, or any other file with inputs `input_ids` and `attention_mask`, and
 * `token_type_ids` if it wants them. Which layer it gives was decided when it was exported.
 */
import { fail } from '@llama-xr/core';
import { type EncoderTokenizer, openEncoderTokenizer } from '@llama-xr/llama';
import { type FileSession, openFile, type SessionOptions } from '@llama-xr/onnx';
import { type Tensor, tensor } from '@llama-xr/tensor';

export interface TextEncoderOptions extends SessionOptions {
  /** The ONNX file. */
  readonly model: string;
  /** `tokenizer.json`, or the folder that has it. */
  readonly tokenizer: string;
  /** Which output to read; the first unless given. */
  readonly output?: string;
  /** Longer texts lose their end, but for the closing special token. Default 512. */
  readonly maxTokens?: number;
  /** Texts computed at once, at most. Default 16. */
  readonly batch?: number;
}

/** What the model gives for one text. */
export interface EncodedText {
  readonly ids: readonly number[];
  /** Row-major; the first axis is the token for hidden states [T, E], absent for a value a text [E]. */
  readonly values: Float32Array;
}

const INPUTS = ['input_ids', 'attention_mask', 'token_type_ids'];

/** @throws LlamaXrError FILE_*, MODEL, ENGINE: where a file is missing or is not what it should be. */
export async function openTextEncoder(options: TextEncoderOptions): Promise<TextEncoder> {
  const tokenizer = openEncoderTokenizer(options.tokenizer);
  const session = await openFile(options.model, options);
  const names = session.inputs.map(({ name }) => name);
  const output = options.output ?? session.outputs[0]?.name ?? '';
  const strange = names.filter((name) => !INPUTS.includes(name));
  if (strange.length > 0 || !names.includes('input_ids'))
    fail('MODEL', `${options.model}: expected inputs of ${INPUTS.join(', ')}, got ${names.join(', ')}`);
  if (!session.outputs.some(({ name, type }) => name === output && type === 'float32'))
    fail('MODEL', `${options.model}: expected an output ${output} of float32, got none`);
  return new TextEncoder(session, tokenizer, output, options);
}

/** Holds native memory until it is closed. */
export class TextEncoder implements AsyncDisposable {
  readonly tokenizer: EncoderTokenizer;
  readonly #session: FileSession;
  readonly #output: string;
  readonly #maxTokens: number;
  readonly #batch: number;

  constructor(
    session: FileSession,
    tokenizer: EncoderTokenizer,
    output: string,
    { maxTokens = 512, batch = 16 }: TextEncoderOptions,
  ) {
    this.#session = session;
    this.tokenizer = tokenizer;
    this.#output = output;
    this.#maxTokens = maxTokens;
    this.#batch = batch;
  }

  /** Encodes texts in batches of like length, and gives them in their own order. */
  async encode(texts: readonly string[]): Promise<EncodedText[]> {
    const sequences = texts.map((text) => this.#idsOf(text));
    const order = sequences
      .map((_, i) => i)
      .sort((a, b) => (sequences[a]?.length ?? 0) - (sequences[b]?.length ?? 0));
    const encoded = new Array<EncodedText>(texts.length);
    for (let at = 0; at < order.length; at += this.#batch) {
      const batch = order.slice(at, at + this.#batch);
      const values = await this.#run(batch.map((i) => sequences[i] as number[]));
      batch.forEach((i, row) => {
        encoded[i] = { ids: sequences[i] as number[], values: values[row] as Float32Array };
      });
    }
    return encoded;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session[Symbol.asyncDispose]();
  }

  #idsOf(text: string): number[] {
    const ids = this.tokenizer.encode(text.trim());
    return ids.length <= this.#maxTokens ? ids : [...ids.slice(0, this.#maxTokens - 1), ids.at(-1) as number];
  }

  async #run(sequences: readonly (readonly number[])[]): Promise<Float32Array[]> {
    const longest = Math.max(...sequences.map((ids) => ids.length));
    const filled = (of: (ids: readonly number[], t: number) => number): Tensor => {
      const data = new BigInt64Array(sequences.length * longest); // [B, T]
      sequences.forEach((ids, row) => {
        for (let t = 0; t < longest; t++) data[row * longest + t] = BigInt(of(ids, t));
      });
      return tensor('int64', [sequences.length, longest], data);
    };
    const feeds = {
      input_ids: filled((ids, t) => ids[t] ?? this.tokenizer.pad),
      attention_mask: filled((ids, t) => (t < ids.length ? 1 : 0)),
      token_type_ids: filled(() => 0),
    };
    const { [this.#output]: found } = await this.#session.run(feeds, [this.#output]);
    const { shape, data } = found as Tensor;
    const width = data.length / sequences.length;
    const perToken = shape.length === 3 ? width / longest : undefined;
    return sequences.map((ids, row) => {
      const length = perToken === undefined ? width : ids.length * perToken;
      return (data as Float32Array).slice(row * width, row * width + length);
    });
  }
}
