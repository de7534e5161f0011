/**
 * Runs ONNX files that others have written, PyTorch's exporter for one: inputs and outputs by the names in the file.
 * Graphs that were written here run by session.ts, which knows their shapes.
 */
import { statSync } from 'node:fs';
import { fail, fileError } from '@llama-xr/core';
import type { Tensor } from '@llama-xr/tensor';
import { type InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { createEngine, releaseEngine, type SessionOptions } from './engine.ts';

/** An input or output as the file declares it; a dimension without a fixed size is a name or empty. */
export interface FilePort {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly (number | string)[];
}

/**
 * Opens an ONNX file for running.
 * @throws LlamaXrError FILE_MISSING, DEVICE, or ENGINE with ONNX Runtime's words.
 */
export async function openFile(path: string, options: SessionOptions = {}): Promise<FileSession> {
  try {
    if (!statSync(path).isFile()) fail('FILE_FORMAT', `${path}: expected an ONNX file, got a folder`);
  } catch (error) {
    throw fileError(error, path);
  }
  const name = options.name ?? path;
  return new FileSession(name, await createEngine(path, name, options));
}

/** An open file. Holds native memory until it is closed. */
export class FileSession implements AsyncDisposable {
  readonly name: string;
  readonly inputs: readonly FilePort[];
  readonly outputs: readonly FilePort[];
  #engine: InferenceSession | undefined;

  constructor(name: string, engine: InferenceSession) {
    this.name = name;
    this.#engine = engine;
    this.inputs = engine.inputMetadata.map(portOf);
    this.outputs = engine.outputMetadata.map(portOf);
  }

  /**
   * @param outputs names of the outputs wanted; all unless given.
   * @throws LlamaXrError INPUT for a feed that is missing or an output that the file does not have, ENGINE with ONNX
   *   Runtime's words, as for a feed of the wrong type or shape.
   */
  async run(
    feeds: Readonly<Record<string, Tensor>>,
    outputs: readonly string[] = this.outputs.map(({ name }) => name),
  ): Promise<Record<string, Tensor>> {
    const engine = this.#engine ?? fail('ENGINE', `${this.name}: this session was closed`);
    const fed = this.inputs.map(({ name }) => {
      const feed = feeds[name] ?? fail('INPUT', `${this.name}: expected a feed for ${name}, got none`);
      return [name, new OrtTensor(feed.dtype as 'float32', feed.data as Float32Array, feed.shape)] as const;
    });
    const known = this.outputs.map(({ name }) => name);
    for (const name of outputs)
      if (!known.includes(name))
        fail('INPUT', `${this.name}: expected an output of ${known.join(', ')}, got ${name}`);
    try {
      const found = await engine.run(Object.fromEntries(fed), [...outputs]);
      return Object.fromEntries(outputs.map((name) => [name, tensorOf(found[name] as OrtTensor)]));
    } catch (error) {
      return fail('ENGINE', `${this.name}: ONNX Runtime stopped: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const engine = this.#engine;
    this.#engine = undefined;
    if (engine !== undefined) await releaseEngine(engine);
  }
}

function portOf(metadata: InferenceSession.ValueMetadata): FilePort {
  const { name } = metadata;
  return metadata.isTensor
    ? { name, type: metadata.type, shape: metadata.shape }
    : { name, type: 'other', shape: [] };
}

function tensorOf({ type, dims, data }: OrtTensor): Tensor {
  return { dtype: type, shape: dims, data } as Tensor;
}
