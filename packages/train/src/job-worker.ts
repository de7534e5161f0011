/** The worker thread of a training job (see `job.ts`): opens base and engine, runs the loop, saves the adapter. */
import { parentPort, workerData } from 'node:worker_threads';
import { LlamaXrError } from '@llama-xr/core';
import { adapterOf, openBaseWeights, openTrainingEngine, saveAdapter } from '@llama-xr/llama';
import type { JobEvent, JobMessage, TrainingJob } from './job.ts';
import { RunFolder } from './run-folder.ts';
import { appendEvent, truncateLog } from './run-log.ts';
import { train } from './trainer.ts';

async function run(job: TrainingJob): Promise<void> {
  const folder = new RunFolder(job.folder);
  const began = performance.now();
  using base = openBaseWeights(job.base);
  await using engine = await openTrainingEngine(base, {
    rank: job.recipe.rank,
    alpha: job.recipe.alpha,
    seed: job.recipe.seed,
    largestBatch: largestBatch(job),
    ...given({ mode: job.mode, memoryBytes: job.memoryBytes, device: job.device, threads: job.threads }),
  });
  const seconds = (performance.now() - began) / 1000;
  tell({ type: 'open', mode: engine.mode, trainable: engine.parameters.length, seconds });

  const options = {
    checkpoint: folder.checkpoint,
    identity: job.identity,
    ...given({ checkpointSeconds: job.checkpointSeconds }),
  };
  for await (const event of train(engine, job.data, job.recipe, options)) {
    if (event.type === 'resume') truncateLog(folder.log, event.step);
    else if (event.type === 'validation' && event.step === 0) truncateLog(folder.log, -1);
    appendEvent(folder.log, event);
    tell(event);
  }
  await saveAdapter(folder.adapter, adapterOf(engine), { base: job.base });
  tell({ type: 'saved', folder: folder.adapter, peakMemoryBytes: process.resourceUsage().maxRSS * 1024 });
}

const largestBatch = ({ data, recipe }: TrainingJob) => ({
  batch: recipe.batchSize,
  sequence: [...data.passes.flat(), ...data.val].reduce(
    (longest, e) => Math.max(longest, e.tokens.length),
    1,
  ),
});

/** The fields that have a value: absent ones stay absent. */
function given<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}

const send = (message: JobMessage) => parentPort?.postMessage(message);
const tell = (event: JobEvent) => send({ kind: 'event', event });

try {
  await run(workerData as TrainingJob);
  send({ kind: 'done' });
} catch (error) {
  if (error instanceof LlamaXrError)
    send({ kind: 'error', code: error.code, message: error.message, hint: error.hint });
  else send({ kind: 'error', message: (error as Error).message, stack: (error as Error).stack ?? '' });
}
