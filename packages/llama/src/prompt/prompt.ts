/**
 * From what is known of a study to a prompt and the response to be learned. The fusion modes:
 *
 *   none      nothing: what the model writes of nobody
 *   scores    the paper's 36 numbers (arXiv 2506.03178): 18 a view, three decimals, the frontal repeated for a missing
 *             lateral as there; kept to be compared with
 *   findings  calibrated findings in words, absent ones too where asked, and what views there were
 *   visual    soft tokens that a projector makes of the images' features
 *   hybrid    soft tokens, then findings in words
 */
import { fail } from '@llama-xr/core';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';
import {
  type FindingsInWords,
  type StudyViewScores,
  scoresInWords,
  tagsInWords,
} from './findings-in-words.ts';
import {
  layOutPrompt,
  type PromptSegment,
  type PromptWords,
  responseLead,
  type TemplateName,
} from './templates.ts';

export const FUSIONS = ['none', 'scores', 'findings', 'visual', 'hybrid'] as const;
export type Fusion = (typeof FUSIONS)[number];

/** Whether prompts carry soft tokens. */
export const hasSoftTokens = (fusion: Fusion): boolean => fusion === 'visual' || fusion === 'hybrid';

/** Whether prompts state findings in words. */
export const hasFindings = (fusion: Fusion): boolean => fusion === 'findings' || fusion === 'hybrid';

/** What a prompt may know of a study. */
export interface PromptStudy {
  readonly id: string;
  readonly tags: readonly string[];
  readonly scores?: StudyViewScores | undefined;
  readonly report: string;
  /** Why it was taken, in the words of who asked for it. */
  readonly indication?: string | undefined;
  /** The patient's report before this one. */
  readonly prior?: string | undefined;
}

export interface PromptOptions {
  readonly fusion: Fusion;
  readonly template: TemplateName;
  /** Findings in words: from the study's tags, or from its scores. */
  readonly findingsFrom: 'tags' | 'scores';
  /** State absent findings too. */
  readonly negatives?: boolean;
  /** Reports of other patients with like findings. */
  readonly exemplars?: readonly string[];
  /** Tell why the study was taken. */
  readonly indication?: boolean;
  /** Tell what the patient's report before this one said. */
  readonly prior?: boolean;
  /** How many soft tokens a prompt has, in fusions that have them. */
  readonly soft?: number;
  /** Tells nothing of the study, all else as it is: the other side of classifier-free guidance. */
  readonly withheld?: boolean;
  readonly tokenizer: Tokenizer;
}

export interface Prompt {
  readonly segments: readonly PromptSegment[];
  /** What the model has to write, with what leads to it. */
  readonly response: string;
}

const INSTRUCTION: Readonly<Record<Fusion, string>> = {
  none: 'Write the findings section of a chest X-ray report.',
  scores: 'Generate a medical report based on the given chest X-ray embedding.',
  findings: 'Write the findings section of a chest X-ray report from what was seen.',
  visual: 'Write the findings section of a chest X-ray report from the images.',
  hybrid: 'Write the findings section of a chest X-ray report from the images and what was seen.',
};

/** @throws LlamaXrError INPUT naming the study when it has no scores that the fusion needs. */
export function promptFor(study: PromptStudy, options: PromptOptions): Prompt {
  const { fusion, template, exemplars = [], tokenizer } = options;
  const lines = [
    ...inputLines(study, options),
    ...otherLines(study, options),
    ...exemplars.map((report) => `Similar: ${report}`),
  ];
  const input = hasSoftTokens(fusion) ? behindImages(lines, options) : [lines.join('\n')];
  const segments = layOutPrompt(template, { instruction: INSTRUCTION[fusion], input }, tokenizer);
  return { segments, response: `${responseLead(template)}${study.report}` };
}

/** What must be said of prompts made so, in the manifest of whatever is made from them. */
export function promptNotices(studies: readonly PromptStudy[], fusion: Fusion): string[] {
  if (fusion !== 'scores') return [];
  const oneView = studies.filter(
    ({ scores }) => scores && (scores.frontal === null || scores.lateral === null),
  );
  if (oneView.length === 0) return [];
  return [
    `fusion scores: ${oneView.length} of ${studies.length} studies have one view, whose numbers stand twice, as in the paper`,
  ];
}

function inputLines(
  study: PromptStudy,
  { fusion, findingsFrom, negatives = false, withheld = false }: PromptOptions,
): string[] {
  if (fusion === 'visual' || (fusion === 'hybrid' && withheld)) return [];
  if (fusion === 'none' || withheld) return ['Chest X-ray.'];
  if (fusion === 'scores') return [numbers(scoresOf(study))];
  if (findingsFrom === 'tags') return lines(tagsInWords(study.tags), negatives);
  const scores = scoresOf(study);
  return [...lines(scoresInWords(scores), negatives), ...missingViews(scores)];
}

/** The images' soft tokens, and the lines behind them. */
function behindImages(lines: readonly string[], { soft = 0 }: PromptOptions): PromptWords['input'] {
  if (soft < 1) fail('CONFIG', `visual: expected at least one soft token a prompt, got ${soft}`);
  return ['Images:', { soft }, lines.map((line) => `\n${line}`).join('')];
}

/** What is known beside the images; a line stands whether it has something to say or not, so that its absence is told. */
function otherLines(
  study: PromptStudy,
  { indication = false, prior = false, withheld = false }: PromptOptions,
): string[] {
  const told = (text: string | undefined) => (withheld ? '' : oneLine(text));
  return [
    ...(indication ? [`Indication: ${told(study.indication) || 'not given'}`] : []),
    ...(prior ? [`Prior report: ${told(study.prior) || 'none'}`] : []),
  ];
}

/** Text from outside stays on its line: it cannot look like a line of the prompt. */
const oneLine = (text = ''): string => text.replace(/\s+/g, ' ').trim();

function lines({ present, absent }: FindingsInWords, negatives: boolean): string[] {
  return [`Findings: ${present}`, ...(negatives && absent !== undefined ? [`Absent: ${absent}`] : [])];
}

function missingViews({ frontal, lateral }: StudyViewScores): string[] {
  if (lateral === null) return ['Views: frontal alone'];
  return frontal === null ? ['Views: lateral alone'] : [];
}

/** The paper's input: frontal and lateral scores as one list. */
function numbers({ frontal, lateral }: StudyViewScores): string {
  const both = [...(frontal ?? lateral ?? []), ...(lateral ?? frontal ?? [])];
  return `[${both.map((score) => score.toFixed(3)).join(', ')}]`;
}

function scoresOf(study: PromptStudy): StudyViewScores {
  return (
    study.scores ??
    fail('INPUT', `study ${study.id}: scores: expected the encoder's or simulated scores, got none`)
  );
}
