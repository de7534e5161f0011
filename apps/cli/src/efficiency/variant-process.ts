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
import {
  AdamW,
  clipFactor,
  collateRows,
  globalNorm,
  lossWeight,
  meanLoss,
  type PlannedStep,
  planRun,
  type Recipe,
  readRecipe,
} from '@llama-xr/train';
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

/** One optimizer step. @returns its loss. */
async function takeStep(
  engine: TrainingEngine,
  optimizer: AdamW,
  { batches }: PlannedStep,
  rate: number,
  clipNorm: number,
): Promise<number> {
  const total = lossWeight(batches.flat().flatMap((row) => row.examples));
  let loss = 0;
  for (const [i, rows] of batches.entries())
    loss += (await engine.forwardBackward(collateRows(rows, total), { accumulate: i > 0 })).loss;
  const norm = globalNorm(engine.gradients);
  optimizer.step(engine.parameters, engine.gradients, rate, clipFactor(norm, clipNorm));
  return loss;
}

async function measure(job: VariantJob, tell: (event: VariantProgress) => void): Promise<VariantResult> {
  const { variant, base, data, steps, studies, fullRate } = job;
  const recipe = { ...(await readRecipe(job.recipe)), dropout: 0 };
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

  const optimizer = new AdamW(engine.parameters.length, recipe);
  const rate = recipe.learningRate * (variant === 'full' ? fullRate : 1);
  const used = measureEnergy();
  const seconds: number[] = [];
  for (const [i, step] of planned.entries()) {
    const start = performance.now();
    const loss = await takeStep(engine, optimizer, step, rate, recipe.clipNorm);
    seconds.push((performance.now() - start) / 1000);
    tell({ step: i + 1, loss });
  }
  const { processor, cards, reasons } = used();
  const joules = processor === undefined && cards === undefined ? null : (processor ?? 0) + (cards ?? 0);
  // Steps differ in length, so that the rate is of tokens; the first step is left out where there are more.
  const skip = seconds.length > 1 ? 1 : 0;
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const tokens = planned.map(({ batches }) =>
    sum(batches.flat().flatMap(({ examples }) => examples.map((example) => example.tokens.length))),
  );
  const warm = sum(seconds.slice(skip));
  return {
    variant,
    trainable: engine.parameters.length,
    secondsPerStep: warm / (seconds.length - skip),
    tokensPerSecond: sum(tokens.slice(skip)) / warm,
    seconds: { open, steps: sum(seconds) },
    peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
    energy: { joules, reasons },
    loss: { before, after: await meanLoss(engine, val, recipe) },
    rate,
  };
}

answerParent(measure);
