/** The scorers by name. A new one is a page in scorers/ and a line here. */
import type { Scorer } from './scorer.ts';
import { bleu } from './scorers/bleu.ts';
import { cider } from './scorers/cider.ts';
import { meteor15 } from './scorers/meteor-15.ts';
import { sentenceBleuNltk } from './scorers/nltk-bleu.ts';
import { meteorNltk } from './scorers/nltk-meteor.ts';
import { rougeL } from './scorers/rouge-l.ts';
import { rougeScore } from './scorers/rouge-score.ts';

export const scorers = {
  bleu: bleu(4),
  rougeL,
  cider,
  meteor15: meteor15(),
  meteorNltk: meteorNltk(),
  sentenceBleuNltk: sentenceBleuNltk(4),
  rougeScore: rougeScore(true),
  rougeScoreUnstemmed: rougeScore(false),
} as const satisfies Record<string, Scorer>;

export type ScorerName = keyof typeof scorers;
