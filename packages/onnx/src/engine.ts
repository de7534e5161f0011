/**
 * Sessions of ONNX Runtime. What one must know of it stands here and nowhere else (onnxruntime-node 1.30.0):
 * sessions must not spin while they wait, or several in one process take each other's cores; a memory pattern
 * doubles the memory of graphs with changing shapes; inputs are not copied, outputs always are, so big tensors
 * belong inside a graph; `run` holds the thread it is called on until it is done; 4-bit tensors and
 * SharedArrayBuffers cannot be fed.
 */
import { fail } from '@llama-xr/core';
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { type Device, providersFor } from './device.ts';
import type { Precision } from './half-precision.ts';
import { finishProfile, startProfile } from './placement.ts';

// Where JavaScript has a Float16Array, the binding's tensors of float16 hold one, which its native side reads as empty. It looks for
// that type once, when the first tensor is made.
const { Float16Array: known } = globalThis;
Reflect.deleteProperty(globalThis, 'Float16Array');
new OrtTensor('float32', new Float32Array(0), [0]);
if (known !== undefined)
  Object.defineProperty(globalThis, 'Float16Array', { value: known, writable: true, configurable: true });

export interface SessionOptions {
  /** `cpu` where absent. */
  device?: Device;
  /** Threads of one operator; where absent ONNX Runtime takes one for each core. */
  threads?: number;
  /** Of matrix products, `float32` where absent; see half-precision.ts. For graphs that are written here. */
  precision?: Precision;
  /** How far ONNX Runtime may rewrite the graph, `all` where absent. `none` where a graph computes a value twice on purpose. */
  optimization?: 'none' | 'basic' | 'extended' | 'all';
  /** Plans memory by the shapes of the first run. Costs memory where shapes change; off where absent. */
  memoryPattern?: boolean;
  /** Keeps freed memory for the next run; on where absent. */
  memoryArena?: boolean;
  /** For messages. */
  name?: string;
}

/** Tensors that a model names and does not hold, by these names. They must stay as they are while the session is open. */
export type ExternalData = readonly { readonly path: string; readonly data: Uint8Array }[];

/**
 * @param model the bytes of a model, or the path of one, which may then have tensors in files beside it.
 * @throws LlamaXrError DEVICE, or ENGINE with ONNX Runtime's words.
 */
export async function createEngine(
  model: Uint8Array | string,
  name: string,
  options: SessionOptions,
  externalData: ExternalData = [],
): Promise<InferenceSession> {
  const {
    device = 'cpu',
    threads,
    optimization = 'all',
    memoryPattern = false,
    memoryArena = true,
  } = options;
  const settings: InferenceSession.SessionOptions = {
    graphOptimizationLevel: optimization === 'none' ? 'disabled' : optimization,
    enableMemPattern: memoryPattern,
    enableCpuMemArena: memoryArena,
    interOpNumThreads: 1,
    logSeverityLevel: 4,
    extra: { session: { intra_op: { allow_spinning: '0' } } },
    ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
    ...(externalData.length > 0 && { externalData }),
  };
  const profile = startProfile();
  let refusal: unknown;
  for (const executionProviders of providersFor(device)) {
    try {
      // Its overloads for paths and for bytes do not take a value that is either.
      const engine = await InferenceSession.create(model as string, {
        ...settings,
        ...profile?.settings,
        executionProviders,
      });
      profile?.opened(engine, name);
      return engine;
    } catch (error) {
      refusal = error;
    }
  }
  const code = device === 'cpu' || device === 'auto' ? 'ENGINE' : 'DEVICE';
  return fail(code, `${name}: ONNX Runtime refused the graph on ${device}: ${(refusal as Error).message}`, {
    cause: refusal,
  });
}

/** Gives an engine's memory back; where placement is measured, its nodes are told first. */
export async function releaseEngine(engine: InferenceSession): Promise<void> {
  finishProfile(engine);
  await engine.release();
}
