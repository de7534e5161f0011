/**
 * One variant of the efficiency report, in a process of its own: opens it, takes the steps that the recipe plans, and measures. All
 * variants see the same batches in the same order, take AdamW at the peak of their rate, and are scored on the same val studies.
 */
import { fail, measureEnergy } from '@llama-xr/core';
import {
  inFloat16,
  type LlamaWeights,
  openBaseWeights,
  openFullTuningEngine,
  openTrainingEngine,
  type TrainingEngine,
} from '@llama-xr/llama';
import { meanLoss, OptimizerStep, planRun, type Recipe, readRecipe, type StepEvent } from '@llama-xr/train';
import { answerParent } from '../own-process.ts';
import { planTraining } from '../training/training-run.ts';
import type { VariantJob, VariantProgress, VariantResult } from './variants.ts';

async function openVariant(
  weights: LlamaWeights,
  { variant, threads }: VariantJob,
  recipe: Recipe,
): Promise<TrainingEngine> {
  const session = threads === undefined ? {} : { threads };
  if (variant === 'full') return openFullTuningEngine(weights, session);
  const { rank, alpha, scaling, targets, seed } = recipe;
  const base = variant === 'qlora4' ? weights : await inFloat16(weights);
  return openTrainingEngine(base, { rank, alpha, scaling, targets, seed, mode: 'whole', ...session });
}

/** What the variants share of a recipe: reports alone, nothing left out, the peak of the rate from the first step on. */
async function plainRecipe(path: string): Promise<Recipe> {
  const recipe = await readRecipe(path);
  return {
    ...recipe,
    ...{ dropout: 0, preference: null, contrast: { ...recipe.contrast, share: 0 } },
    ...{ schedule: 'constant', warmupSteps: 0, rates: { b: 1, projector: 1 } },
  };
}

async function measure(job: VariantJob, tell: (event: VariantProgress) => void): Promise<VariantResult> {
  const { variant, base, data, steps, studies, fullRate } = job;
  const recipe = await plainRecipe(job.recipe);
  const plan = await planTraining({ base, data, recipe });
  const all = planRun(plan.data, recipe);
  if (all.length < steps)
    fail(
      'INPUT',
      `--steps: expected at most the ${all.length} that ${job.recipe} plans on ${data}, got ${steps}`,
    );
  const planned = all.slice(0, steps);
  const val = plan.data.val.slice(0, studies);
  if (val.length === 0) fail('INPUT', `${data}: expected val studies to take losses on, got none`);
  using weights = openBaseWeights(base);
  const began = performance.now();
  await using engine = await openVariant(weights, job, recipe);
  const open = (performance.now() - began) / 1000;
  const before = await meanLoss(engine, val, recipe);

  const rate = recipe.learningRate * (variant === 'full' ? fullRate : 1);
  const optimizer = new OptimizerStep(engine, { ...recipe, learningRate: rate });
  const used = measureEnergy();
  const taken: StepEvent[] = [];
  for (const [i, step] of planned.entries()) {
    const event = await optimizer.run(step, { step: i + 1, of: steps, pass: step.pass });
    taken.push(event);
    tell({ step: i + 1, loss: event.loss });
  }
  const { processor, cards, reasons } = used();
  const joules = processor === undefined && cards === undefined ? null : (processor ?? 0) + (cards ?? 0);
  // Steps differ in length, so that the rate is of tokens; the first step is left out where there are more.
  const warm = taken.slice(taken.length > 1 ? 1 : 0);
  const sum = (field: 'seconds' | 'tokens', events = warm) =>
    events.reduce((total, event) => total + event[field], 0);
  return {
    variant,
    trainable: engine.parameters.length,
    secondsPerStep: sum('seconds') / warm.length,
    tokensPerSecond: sum('tokens') / sum('seconds'),
    seconds: { open, steps: sum('seconds', taken) },
    peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
    energy: { joules, reasons },
    loss: { before, after: await meanLoss(engine, val, recipe) },
    rate,
  };
}

answerParent(measure);
