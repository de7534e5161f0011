/**
 * A training job: the engine in a thread of its own, so that the event loop stays free, the loop over it, the run log, and
 * the adapter at the end, with the projector that was trained with it.
 */
import {
  adapterOf,
  openTrainingWorker,
  type ProjectorOrigin,
  type ProjectorShape,
  type StepMode,
  saveAdapter,
  saveProjector,
  softSlots,
} from '@llama-xr/llama';
import type { Device, Precision } from '@llama-xr/onnx';
import { inBatches } from './batches.ts';
import { LiveLog } from './live-log.ts';
import { rowLength } from './packing.ts';
import { rowsWithRivals } from './pair-objective.ts';
import type { Recipe } from './recipe.ts';
import { RunFolder } from './run-folder.ts';
import { beginFrom, type Start } from './start.ts';
import { planRun, type TrainEvent, type TrainingData, train } from './trainer.ts';

export interface TrainingJob {
  /** GGUF file, or a folder in Hugging Face's layout. */
  readonly base: string;
  /** The run folder. */
  readonly folder: string;
  readonly recipe: Recipe;
  readonly data: TrainingData;
  /** Where examples have soft tokens: what the projector reads. */
  readonly projector?: ProjectorOrigin;
  /** Decides which checkpoint may be resumed. */
  readonly identity: string;
  /** What to begin from; LoRA's own start where absent. */
  readonly from?: Start;
  readonly mode?: StepMode | 'auto';
  /** Memory for what the backward pass would else compute again, see `TrainingOptions`. */
  readonly keptBytes?: number;
  readonly device?: Device;
  /** Of matrix products: float16 for devices with units for it. */
  readonly precision?: Precision;
  readonly threads?: number;
  readonly checkpointSeconds?: number;
  /** Writes an event file of TensorBoard as well. */
  readonly tensorboard?: boolean;
}

/** What the job has to say beside the loop's own events. */
export type JobEvent =
  | TrainEvent
  | { type: 'open'; mode: StepMode; keptBytes: number; trainable: number; seconds: number }
  | { type: 'saved'; folder: string; peakMemoryBytes: number };

/** Runs a job. Leaving the iteration early closes the engine; the last checkpoint stays. */
export async function* runTrainingJob(job: TrainingJob): AsyncGenerator<JobEvent> {
  const { recipe, data, identity, mode, device, threads, checkpointSeconds } = job;
  const folder = new RunFolder(job.folder);
  const began = performance.now();
  await using engine = await openTrainingWorker(job.base, {
    rank: recipe.rank,
    alpha: recipe.alpha,
    scaling: recipe.scaling,
    targets: recipe.targets,
    dropout: recipe.dropout,
    seed: recipe.seed,
    largestBatch: largestBatch(job),
    ...(job.projector && { projector: projectorShape(job.projector, recipe.visual.hidden) }),
    ...(mode && { mode }),
    ...(job.keptBytes && { keptBytes: job.keptBytes }),
    ...(device && { device }),
    ...(job.precision && { precision: job.precision }),
    ...(threads && { threads }),
  });
  if (job.from !== undefined) beginFrom(engine, job.from);
  const seconds = (performance.now() - began) / 1000;
  const { mode: opened, parameters } = engine;
  yield {
    type: 'open',
    mode: opened,
    keptBytes: job.keptBytes ?? 0,
    trainable: parameters.length,
    seconds,
  };

  const options = {
    checkpoint: folder.checkpoint,
    best: folder.best,
    reference: folder.reference,
    identity,
    ...(checkpointSeconds !== undefined && { checkpointSeconds }),
  };
  let log: LiveLog | undefined;
  for await (const event of train(engine, data, recipe, options)) {
    log ??= new LiveLog(folder, recipe.name, {
      resumedAt: event.type === 'resume' ? event.step : -1,
      ...job,
    });
    log.append(event);
    yield event;
  }
  saveAdapter(folder.adapter, adapterOf(engine), { base: job.base });
  if (job.projector !== undefined) {
    const { layout, parameters, config } = engine;
    saveProjector(folder.projector, { layout, parameters, width: config.width }, job.projector);
  }
  yield { type: 'saved', folder: folder.adapter, peakMemoryBytes: process.resourceUsage().maxRSS * 1024 };
}

function projectorShape({ settings, scale }: ProjectorOrigin, hidden: number): ProjectorShape {
  const slots = softSlots(settings).length;
  return { slots, features: scale.mean.length / slots, hidden };
}

/** Rows and positions of the largest batch, to see which way of running a step fits into memory. */
export function largestBatch({ data, recipe }: Pick<TrainingJob, 'data' | 'recipe'>): {
  batch: number;
  sequence: number;
} {
  const steps = planRun(data, recipe).flatMap(({ batches }) =>
    batches.map((rows) => rowsWithRivals(rows, recipe)),
  );
  const batches = [...steps, ...inBatches(data.val, recipe)];
  return batches.reduce(
    ({ batch, sequence }, rows) => ({
      batch: Math.max(batch, rows.length),
      sequence: Math.max(sequence, ...rows.map(rowLength)),
    }),
    { batch: 1, sequence: 1 },
  );
}
