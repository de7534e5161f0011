/**
 * The part of a recipe that works against template collapse: what a pass visits, what weighs how much, what a report is held
 * against. Each is a switch, off where it is not named; what each did and cost is in docs/experiments/collapse.md.
 */
import { z } from 'zod';
import { PAIR_FORMS } from './pair-loss.ts';

const share = z.number().min(0).max(1);

export const collapseFields = {
  /** Reports of the training studies with the nearest findings that stand in the prompt; never of the same patient. */
  exemplars: z.int().min(0).max(4).default(0),
  /** In training an exemplar is drawn from this many of the nearest, the nearer the likelier; in drafting the best is taken. */
  exemplarPool: z.int().min(1).max(100).default(10),
  /** Share of the training prompts that show no exemplar, so that the model can do without. */
  exemplarDropout: share.default(0.15),
  /** How much the likeness of the images counts beside that of the findings when exemplars are looked for; needs features. */
  exemplarFeatures: share.default(0),
  /** Share of the studies without findings that a pass visits, in turn: most reports are normal, and teach the same. */
  normalShare: z.number().positive().max(1).default(1),
  /**
   * Findings on a smaller share of the training studies than this are rare: a pass visits studies with them more often, by
   * the root of how rare they are (repeat factor sampling). 0 is off.
   */
  rareFindings: share.default(0),
  /**
   * Weight in the loss of the words that state a finding as present or possible; all others have 1. Against templates: most
   * words of a report are the same in every other one.
   */
  findingWeight: z.number().positive().max(100).default(1),
  /** Share of the training prompts that tell nothing of the study: what guidance at decoding takes for its other side. */
  promptDropout: share.default(0),
  /** Reports held against the prompts of other studies, see `pair-loss.ts`. */
  contrast: z
    .strictObject({
      /** Share of the examples of a pass that are held so; 0 is off. */
      share: share.default(0),
      /** Weight of the mean pair loss beside the likelihood's. */
      weight: z.number().positive().max(100).default(1),
      /** By how much a token is to be likelier behind its own prompt, in nats, as a mean over the report. */
      margin: z.number().min(0).max(10).default(0.5),
      form: z.enum(PAIR_FORMS).default('logistic'),
    })
    .prefault({}),
  /** Reports held against other reports behind the same prompt: DPO, see `pair-loss.ts`. Usually a second run, `train --from`. */
  preference: z
    .strictObject({
      /** How far the model may go from where it began: the larger, the less. */
      beta: z.number().positive().max(10).default(0.1),
      /** Weight of the report's likelihood beside it (RPO, Pang et al., arXiv 2404.19733). */
      likelihood: z.number().min(0).max(100).default(0),
    })
    .nullable()
    .default(null),
};
