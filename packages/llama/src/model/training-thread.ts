/** The thread behind `training-worker.ts`: opens an engine and answers calls, one after another. */
import { parentPort, workerData } from 'node:worker_threads';
import { LlamaXrError } from '@llama-xr/core';
import { openBaseWeights } from '../weights/base-weights.ts';
import { openTrainingEngine } from './engine.ts';
import { openPretrainingEngine } from './pretraining.ts';
import type { TrainingEngine } from './training-engine.ts';
import type { ThreadAnswer, ThreadCall, ThreadData, ThreadJob } from './training-worker.ts';

const { job, ...memory } = workerData as ThreadData;
// ONNX Runtime takes no shared memory, so the engine's own arrays are copied from and to it: milliseconds a step.
const shared = {
  parameters: new Float32Array(memory.parameters),
  gradients: new Float32Array(memory.gradients),
};

/** The base stays open: an engine reads from it as it goes. The thread's end closes it. */
async function openEngine(job: ThreadJob): Promise<{ engine: TrainingEngine; mode?: string }> {
  if (job.kind === 'pretraining') return { engine: await openPretrainingEngine(job.config, job.options) };
  const engine = await openTrainingEngine(openBaseWeights(job.base), job.options);
  return { engine, mode: engine.mode };
}

async function answer(engine: TrainingEngine, call: ThreadCall): Promise<unknown> {
  engine.parameters.set(shared.parameters);
  switch (call.method) {
    case 'forwardBackward': {
      engine.gradients.set(shared.gradients);
      const result = await engine.forwardBackward(...call.arguments);
      shared.gradients.set(engine.gradients);
      return result;
    }
    case 'loss':
      return engine.loss(...call.arguments);
    case 'logProbabilities':
      return engine.logProbabilities(...call.arguments);
    case 'logits':
      return engine.logits(...call.arguments);
    case 'close':
      return engine[Symbol.asyncDispose]();
  }
}

function send(message: ThreadAnswer): void {
  parentPort?.postMessage(message);
}

/** Runs some work and sends its result, or its error in a form that crosses threads. */
async function reply(work: () => Promise<unknown>): Promise<void> {
  try {
    send({ result: await work() });
  } catch (error) {
    const { message } = error as Error;
    send({
      error:
        error instanceof LlamaXrError
          ? { message, code: error.code, hint: error.hint }
          : { message, code: 'ENGINE' },
    });
  }
}

await reply(async () => {
  const { engine, mode } = await openEngine(job);
  shared.parameters.set(engine.parameters);
  // Each call waits for the one before: an engine runs one step at a time.
  let last = Promise.resolve();
  parentPort?.on('message', (call: ThreadCall) => {
    last = last.then(async () => {
      await reply(() => answer(engine, call));
      if (call.method === 'close') parentPort?.close();
    });
  });
  return mode;
});
