/** The part of a recipe that says how drafts are written and chosen. It decides nothing of the training. */
import { z } from 'zod';

const count = z.int().min(1);

export const decodingFields = z.strictObject({
  maxTokens: count.max(4096).default(150),
  /** Exemplars that prompts show in turn: a study is drafted beside each of them, and one draft is chosen. */
  prompts: count.max(64).default(1),
  /** Drafts of each prompt: the likeliest, and more drawn at `temperature`. */
  samples: count.max(256).default(1),
  /** Drafts of a prompt that is the only one of several studies, as of all without findings: written once for all. */
  sharedSamples: count.max(1024).default(1),
  temperature: z.number().positive().max(10).default(0.8),
  topP: z.number().positive().max(1).default(1),
  /** No sequence of this many tokens twice in one draft; 0 is off. */
  noRepeatNgram: z.int().min(0).max(16).default(0),
  /**
   * Weight w of classifier-free guidance (Sanchez et al., arXiv 2306.17806): logits are b + w (c - b), c behind the prompt and b
   * behind the same prompt that tells nothing of the study. 1 is off; doubles the cost. Train with `promptDropout`.
   */
  guidance: z.number().min(0).max(20).default(1),
  /** The reports of this many of the nearest training studies stand for choice beside the drafts. */
  retrieved: z.int().min(0).max(40).default(0),
  /**
   * The draft is chosen among those with the fewest errors: findings that it states and the prompt lacks, and, each with this
   * weight, findings that the prompt tells and it leaves out.
   */
  omissions: z.number().min(0).max(10).default(0),
});
