/** One optimizer step: its batches' gradients added up, clipped, and taken at the rate of the schedule. */
import type { TrainingEngine } from '@llama-xr/llama';
import { clipFactor, globalNorm } from './adamw.ts';
import { type Example, lossWeight } from './example.ts';
import { type Optimizer, openOptimizer } from './optimizer.ts';
import { collateRows, type Row, rowLength } from './packing.ts';
import { PairObjective, type PairTally, pairsOf, type StepTotals } from './pair-objective.ts';
import type { Recipe } from './recipe.ts';
import { learningRate, rateRanges } from './schedule.ts';

/** What the loop asks of an engine: flat parameters, flat gradients of the same layout, losses and log probabilities. */
export type Trainable = Pick<
  TrainingEngine,
  'layout' | 'parameters' | 'gradients' | 'forwardBackward' | 'loss' | 'logProbabilities'
>;

/** A step to come. */
export interface PlannedStep {
  readonly batches: readonly Row[][];
  readonly pass: number;
  readonly endsPass: boolean;
}

export interface StepEvent {
  readonly type: 'step';
  readonly step: number;
  readonly of: number;
  readonly pass: number;
  /** What the step lowers: the likelihood loss, and that of its pairs. */
  readonly loss: number;
  /** Of the pairs' part: how many, the share whose example was the likelier one, the mean difference. */
  readonly pairs?: {
    readonly count: number;
    readonly loss: number;
    readonly won: number;
    readonly difference: number;
  };
  readonly rate: number;
  readonly gradientNorm: number;
  /** Tokens of the examples; `positions` counts what was computed for them and their rivals, padding included. */
  readonly tokens: number;
  readonly positions: number;
  readonly tokensPerSecond: number;
  readonly seconds: number;
}

interface Gathered {
  loss: number;
  positions: number;
  readonly tallies: PairTally[];
}

export class OptimizerStep {
  readonly optimizer: Optimizer;
  /** By example, what preference measures from. */
  reference: ReadonlyMap<Example, number> = new Map();
  readonly #engine: Trainable;
  readonly #recipe: Recipe;

  constructor(engine: Trainable, recipe: Recipe) {
    this.#engine = engine;
    this.#recipe = recipe;
    this.optimizer = openOptimizer(engine.parameters.length, recipe, rateRanges(engine.layout, recipe.rates));
  }

  /** Takes the step. */
  async run({ batches }: PlannedStep, at: { step: number; of: number; pass: number }): Promise<StepEvent> {
    const began = performance.now();
    const examples = batches.flat().flatMap((row) => row.examples);
    const totals = { weight: lossWeight(examples), pairs: pairsOf(examples).length };
    const { loss, positions, tallies } = await this.#gather(batches, totals, at.step);
    const { parameters, gradients } = this.#engine;
    const rate = learningRate({ ...this.#schedule, totalSteps: at.of }, at.step);
    const gradientNorm = globalNorm(gradients);
    this.optimizer.step(parameters, gradients, rate, clipFactor(gradientNorm, this.#recipe.clipNorm));
    const seconds = (performance.now() - began) / 1000;
    const tokens = examples.reduce((sum, e) => sum + e.tokens.length, 0);
    return {
      type: 'step',
      ...at,
      loss,
      ...(totals.pairs > 0 && { pairs: meanTally(tallies, totals.pairs) }),
      rate,
      gradientNorm,
      tokens,
      positions,
      tokensPerSecond: tokens / seconds,
      seconds,
    };
  }

  get #schedule() {
    const { schedule: kind, learningRate: peak, warmupSteps, floor } = this.#recipe;
    return { kind, peak, warmupSteps, floor };
  }

  /** The gradients of all batches together, in the engine. */
  async #gather(batches: readonly Row[][], totals: StepTotals, step: number): Promise<Gathered> {
    const objective = new PairObjective(this.#engine, this.#recipe, this.reference);
    const gathered: Gathered = { loss: 0, positions: 0, tallies: [] };
    for (const [i, plain] of batches.entries()) {
      const weighed = totals.pairs > 0 ? await objective.weigh(plain, totals) : undefined;
      const rows = weighed?.rows ?? plain;
      const options = { accumulate: i > 0, dropoutSeed: `${this.#recipe.seed}:step ${step}:${i}` };
      const { loss } = await this.#engine.forwardBackward(collateRows(rows, totals.weight), options);
      gathered.loss += weighed ? loss - weighed.surplus + weighed.tally.loss : loss;
      gathered.positions += rows.length * Math.max(...rows.map(rowLength));
      if (weighed) gathered.tallies.push(weighed.tally);
    }
    return gathered;
  }
}

function meanTally(tallies: readonly PairTally[], count: number) {
  const sum = (field: keyof PairTally) => tallies.reduce((total, tally) => total + tally[field], 0);
  return { count, loss: sum('loss'), won: sum('won') / count, difference: sum('difference') / count };
}
