/**
 * A recipe: everything that decides a training run apart from the base model and the data. JSON with comments
 * (JSON5), so that a file in `recipes/` can say why a value is what it is.
 */
import { fail, Mistakes, readJson5, sha256 } from '@llama-xr/core';
import { ADAPTER_SCALINGS, FUSIONS, hasSoftTokens, PROJECTIONS, TEMPLATES } from '@llama-xr/llama';
import { z } from 'zod';
import { collapseFields } from './recipe-collapse.ts';
import { decodingFields } from './recipe-decoding.ts';

const positive = z.number().positive();
const count = z.int().min(1);

const Fields = z.strictObject({
  name: z.string().min(1),
  description: z.string().default(''),
  /**
   * What the prompt carries: nothing, the paper's 36 numbers, findings in words, soft tokens of the images, or findings and
   * soft tokens.
   */
  fusion: z.enum(FUSIONS).default('findings'),
  /** Prompt layout: Stanford Alpaca's, the model's own chat template, or bare lines. */
  template: z.enum(TEMPLATES).default('plain'),
  /** Fusion by sight: which soft tokens each view has, and the width of the projector that makes them, see `fusion/`. */
  visual: z
    .strictObject({
      /** One for the view's pooled vector. */
      pooled: z.boolean().default(true),
      /** One for each cell of a grid of so many by so many; needs the encoder's maps. */
      grid: z.int().min(0).max(7).default(3),
      hidden: count.max(16_384).default(512),
    })
    .prefault({}),
  /** What else the prompt tells, where the data set knows it: why the study was taken, and the patient's report before it. */
  inputs: z
    .strictObject({ indication: z.boolean().default(false), prior: z.boolean().default(false) })
    .prefault({}),
  /** State the absent findings as well (findings from scores or labels). */
  negatives: z.boolean().default(false),
  ...collapseFields,
  /** Learn the report alone, or prompt and report. */
  loss: z.enum(['response', 'all']).default('response'),
  /** Longest example, in tokens; longer ones lose the end of the report. */
  maxTokens: z.int().min(16).max(8192).default(512),
  /** LoRA rank r and alpha; the update is scaled by alpha / r (Hu et al., arXiv 2106.09685). */
  rank: z.int().min(1).max(256).default(16),
  alpha: positive.default(16),
  /** `alpha/sqrt(r)` is rank-stabilised LoRA (Kalajdzievski, arXiv 2312.03732): the step no longer shrinks with the rank. */
  scaling: z.enum(ADAPTER_SCALINGS).default('alpha/r'),
  /** Which projections are adapted; the others stay bare, cost nothing, and are absent from the adapter's files. */
  targets: z
    .array(z.enum(PROJECTIONS))
    .min(1)
    .default([...PROJECTIONS]),
  /**
   * Share of what the adapters read that training leaves out (LoRA dropout), to 1/256. Base and adapter are then computed
   * apart, which takes more time and memory; packed rows that share a beginning share its dropout.
   */
  dropout: z.number().min(0).max(0.9).default(0),
  passes: count.max(1000).default(3),
  /** Examples of a batch. A packed batch holds about as many, in whole rows. */
  batchSize: count.max(1024).default(8),
  /**
   * Rows hold several examples, so that little is padding; losses and gradients stay. Batches are of like length anyway: it
   * pays where lengths differ much, or with `sharePrefix`.
   */
  packing: z.boolean().default(false),
  /** Packed examples that begin alike compute their beginning once: pays where prompts are long and alike. */
  sharePrefix: z.boolean().default(false),
  /** Longest packed row, in tokens; `maxTokens` for 0. Attention costs its square, so that more is not always faster. */
  rowTokens: z.int().min(0).max(65_536).default(0),
  /** Batches whose gradients add up to one optimizer step. */
  accumulation: count.max(1024).default(1),
  learningRate: positive.max(1).default(2e-4),
  schedule: z.enum(['constant', 'linear', 'cosine']).default('linear'),
  warmupSteps: z.int().min(0).default(8),
  /** The decayed rate never falls below this share of the peak. */
  floor: z.number().min(0).max(1).default(0),
  /**
   * Rates of parts as multiples of `learningRate`: the adapters' B (LoRA+, Hayou et al., arXiv 2402.12354), and the projector of
   * image features.
   */
  rates: z
    .strictObject({ b: positive.max(100).default(1), projector: positive.max(100).default(1) })
    .prefault({}),
  weightDecay: z.number().min(0).max(1).default(0),
  beta1: z.number().min(0).max(0.9999).default(0.9),
  beta2: z.number().min(0).max(0.999999).default(0.999),
  epsilon: positive.default(1e-8),
  /** Bits of each of AdamW's moments: 8 take a quarter of the memory (Dettmers et al., arXiv 2110.02861). */
  optimizerBits: z.literal([32, 8]).default(32),
  /** Largest Euclidean norm of the gradient of a step. */
  clipNorm: positive.default(1),
  /** Looks at val while training runs; a last one, on all of val, follows at the end. */
  validation: z
    .strictObject({
      /** Steps from one look to the next; 0: one after each pass alone. */
      everySteps: z.int().min(0).default(0),
      /** Studies that a look is taken on. */
      studies: count.default(64),
      /**
       * Studies on which a look also measures grounding: how much worse their reports are foretold from the prompts of
       * other studies. 0 is off.
       */
      grounding: z.int().min(0).default(0),
    })
    .prefault({}),
  /** What looks are compared by: the loss (less is better), or the grounding gap (more is better). */
  watch: z.enum(['loss', 'grounding']).default('loss'),
  /** Training stops after this many looks without a better one; 0: never. */
  patience: z.int().min(0).default(0),
  /** Which state becomes the adapter: that of the last step, or of the best look. */
  keep: z.enum(['last', 'best']).default('last'),
  /** How drafts are written. */
  decoding: decodingFields.prefault({}),
  seed: z.int().default(3407),
});

export const Recipe = Fields.refine(({ packing, sharePrefix }) => packing || !sharePrefix, {
  path: ['sharePrefix'],
  error: 'expected false without packing: rows share a beginning only where they hold several examples',
})
  .refine(({ fusion, visual }) => !hasSoftTokens(fusion) || visual.pooled || visual.grid > 0, {
    path: ['visual'],
    error: 'expected pooled, a grid of at least 1, or both',
  })
  .refine(({ watch, validation }) => watch !== 'grounding' || validation.grounding > 0, {
    path: ['watch'],
    error: 'expected "loss" unless validation.grounding says on how many studies grounding is measured',
  })
  .refine(({ contrast, preference }) => preference === null || contrast.share === 0, {
    path: ['contrast', 'share'],
    error: 'expected 0 beside preference: an example is held against one other',
  });

export type Recipe = z.infer<typeof Recipe>;

/** Reads a recipe. @throws LlamaXrError CONFIG with every mistake: field, rule, value. */
export async function readRecipe(path: string): Promise<Recipe> {
  return parseRecipe(await readJson5(path), path);
}

/** Checks a recipe given as a value. @throws LlamaXrError CONFIG with every mistake. */
export function parseRecipe(value: unknown, name: string): Recipe {
  const parsed = Recipe.safeParse(value);
  if (parsed.success) return parsed.data;
  const mistakes = new Mistakes();
  for (const issue of parsed.error.issues) {
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys)
        mistakes.add(`${key}: no such field; known fields: ${Object.keys(Recipe.shape).join(', ')}`);
      continue;
    }
    const path = issue.path.join('.') || 'recipe';
    mistakes.add(`${path}: ${issue.message}, got ${JSON.stringify(valueAt(value, issue.path))}`);
  }
  mistakes.throwIfAny('CONFIG', name);
  return fail('CONFIG', `${name}: not a recipe`);
}

/**
 * Hash of what a recipe means for training: equal for files that differ in comments, order or decoding alone. Fields at their
 * default count for nothing, so that a run goes on under a version that knows more fields.
 */
export function recipeHash({ decoding: _, description: __, ...training }: Recipe): string {
  return sha256(JSON.stringify(changed(training, Recipe.parse({ name: '-' }))));
}

/** The fields of a value that differ from their defaults, by name. */
function changed(value: object, defaults: object): [string, unknown][] {
  const usual = new Map<string, unknown>(Object.entries(defaults));
  return Object.entries(value)
    .filter(([name, own]) => JSON.stringify(own) !== JSON.stringify(usual.get(name)))
    .map(([name, own]): [string, unknown] => {
      const parts = [own, usual.get(name)];
      return [name, parts.every(isRecord) ? changed(parts[0] as object, parts[1] as object) : own];
    })
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

const isRecord = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((v, key) => (v as Record<PropertyKey, unknown> | undefined)?.[key], value);
}
