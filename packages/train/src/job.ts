/**
 * A training job: the loop and its engine in a worker thread, so that the thread which draws progress or serves
 * requests stays free. Events come out as they happen; the adapter is written when the job is done.
 */
import { Worker } from 'node:worker_threads';
import { type ErrorCode, LlamaXrError } from '@llama-xr/core';
import type { StepMode } from '@llama-xr/llama';
import type { Device } from '@llama-xr/onnx';
import type { Recipe } from './recipe.ts';
import type { TrainEvent, TrainingData } from './trainer.ts';

export interface TrainingJob {
  /** GGUF file, or a folder in Hugging Face's layout. */
  readonly base: string;
  /** The run folder. */
  readonly folder: string;
  readonly recipe: Recipe;
  readonly data: TrainingData;
  /** Decides which checkpoint may be resumed. */
  readonly identity: string;
  readonly mode?: StepMode | 'auto';
  readonly memoryBytes?: number;
  readonly device?: Device;
  readonly threads?: number;
  readonly checkpointSeconds?: number;
}

/** What the job has to say beside the loop's own events. */
export type JobEvent =
  | TrainEvent
  | { type: 'open'; mode: StepMode; trainable: number; seconds: number }
  | { type: 'saved'; folder: string; peakMemoryBytes: number };

/** What crosses from the worker. */
export type JobMessage =
  | { kind: 'event'; event: JobEvent }
  | { kind: 'done' }
  | { kind: 'error'; code?: ErrorCode; message: string; hint?: string; stack?: string };

// The worker stands beside this file, as TypeScript in a checkout and as JavaScript in the published package.
const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';

/** Runs a job. Leaving the iteration early stops the worker; its last checkpoint stays. */
export async function* runTrainingJob(job: TrainingJob): AsyncGenerator<JobEvent> {
  const worker = new Worker(new URL(`./job-worker${extension}`, import.meta.url), { workerData: job });
  const inbox: JobMessage[] = [];
  let wake = () => {};
  const receive = (message: JobMessage) => {
    inbox.push(message);
    wake();
  };
  worker.on('message', receive);
  worker.on('error', (error: Error) =>
    receive({ kind: 'error', message: error.message, stack: error.stack ?? '' }),
  );
  worker.on('exit', (code) =>
    receive({ kind: 'error', message: `the training thread ended early (code ${code})` }),
  );
  try {
    for (;;) {
      const message = inbox.shift();
      if (message === undefined) await new Promise<void>((resolve) => (wake = resolve));
      else if (message.kind === 'event') yield message.event;
      else if (message.kind === 'done') return;
      else throw asError(message);
    }
  } finally {
    worker.removeAllListeners('exit');
    await worker.terminate();
  }
}

function asError({ code, message, hint, stack }: Extract<JobMessage, { kind: 'error' }>): Error {
  if (code !== undefined) return new LlamaXrError(code, message, hint === undefined ? {} : { hint });
  const error = new Error(message);
  if (stack) error.stack = stack;
  return error;
}
