/**
 * Reports spoilt in known ways, so that what a score makes of errors can be measured without anyone's ratings: findings added, left
 * out, turned to the other side, made worse or milder, compared with a prior that there is not. What was done is counted by
 * the same rules of significance as errors are.
 */
import type { Random } from '@llama-xr/core';
import { labelReport, type Mention, splitSentences } from '@llama-xr/reports';
import type { ErrorClass } from './report-errors.ts';
import { isMinor, relativesOf } from './significance.ts';

export interface InjectedError {
  readonly class: ErrorClass;
  readonly significant: boolean;
  readonly finding: string;
}

export interface CorruptedReport {
  readonly text: string;
  /** As many as were asked for, or fewer where the report offers no more. */
  readonly errors: readonly InjectedError[];
}

interface SpoiltSentence {
  text: string;
  readonly mentions: readonly Mention[];
  /** A sentence is spoilt once, so that errors can be counted. */
  touched: boolean;
}

/** A report on its way: its sentences, and the findings that it states by now. */
interface Spoilt {
  readonly sentences: SpoiltSentence[];
  readonly stated: Set<string>;
}

/** Sentences of other reports that state one finding and nothing else: what false findings are made of. */
export class SentenceBank {
  readonly #sentences: readonly { readonly text: string; readonly finding: string }[];

  constructor(reports: readonly string[]) {
    this.#sentences = reports.flatMap((report) =>
      sentencesOf(report).flatMap(({ text, mentions }) => {
        const finding = soleFinding(mentions);
        const plain = finding !== undefined && mentions.every(({ change }) => change === undefined);
        return plain ? [{ text, finding }] : [];
      }),
    );
  }

  /** A sentence of a finding that these do not include, nor what others might call one of them. */
  draw(stated: ReadonlySet<string>, random: Random): { text: string; finding: string } | undefined {
    for (let attempt = 0; attempt < 20 && this.#sentences.length > 0; attempt++) {
      const drawn = random.pick(this.#sentences);
      const near = [drawn.finding, ...relativesOf(drawn.finding)];
      if (!near.some((finding) => stated.has(finding))) return drawn;
    }
    return undefined;
  }
}

type Corruption = (spoilt: Spoilt, bank: SentenceBank, random: Random) => InjectedError | undefined;

/** @param wanted errors to put in */
export function corruptReport(
  report: string,
  wanted: number,
  bank: SentenceBank,
  random: Random,
): CorruptedReport {
  const sentences = sentencesOf(report);
  const spoilt: Spoilt = { sentences, stated: statedIn(sentences.flatMap(({ mentions }) => mentions)) };
  const errors: InjectedError[] = [];
  for (let attempt = 0; attempt < 12 * wanted && errors.length < wanted; attempt++) {
    const error = random.pick(CORRUPTIONS)(spoilt, bank, random);
    if (error !== undefined) errors.push(error);
  }
  const text = sentences.map((sentence) => sentence.text).filter((sentence) => sentence !== '');
  return { text: text.join(' '), errors };
}

function sentencesOf(report: string): SpoiltSentence[] {
  return splitSentences(report).map((text) => ({ text, mentions: labelReport(text), touched: false }));
}

function statedIn(mentions: readonly Mention[]): Set<string> {
  return new Set(mentions.filter(({ polarity }) => polarity !== 'negative').map(({ finding }) => finding));
}

/** The one finding that a sentence states without doubt, where it speaks of no other. */
function soleFinding(mentions: readonly Mention[]): string | undefined {
  const [first] = mentions;
  const sole = mentions.every(
    ({ finding, polarity }) => finding === first?.finding && polarity === 'positive',
  );
  return sole ? first?.finding : undefined;
}

/** A sentence, not spoilt yet, that states one finding which no other sentence states. */
function drawSentence(
  { sentences }: Spoilt,
  random: Random,
  fits: (mention: Mention) => boolean = () => true,
): { sentence: SpoiltSentence; finding: string } | undefined {
  const candidates = sentences.flatMap((sentence) => {
    const finding = sentence.touched ? undefined : soleFinding(sentence.mentions);
    if (finding === undefined || !sentence.mentions.some(fits)) return [];
    const elsewhere = sentences.some((other) => other !== sentence && statedIn(other.mentions).has(finding));
    return elsewhere ? [] : [{ sentence, finding }];
  });
  return candidates.length === 0 ? undefined : random.pick(candidates);
}

const leaveOut: Corruption = (spoilt, _bank, random) => {
  const drawn = drawSentence(spoilt, random);
  if (drawn === undefined) return undefined;
  const { sentence, finding } = drawn;
  const related = [...relativesOf(finding)].some((relative) => spoilt.stated.has(relative));
  Object.assign(sentence, { text: '', touched: true });
  return { class: 'omission', significant: !related && !isMinor(finding), finding };
};

const addFinding: Corruption = ({ sentences, stated }, bank, random) => {
  const drawn = bank.draw(stated, random);
  if (drawn === undefined) return undefined;
  stated.add(drawn.finding);
  const at = random.int(sentences.length + 1);
  sentences.splice(at, 0, { text: drawn.text, mentions: labelReport(drawn.text), touched: true });
  return { class: 'false finding', significant: !isMinor(drawn.finding), finding: drawn.finding };
};

const turnSide: Corruption = (spoilt, _bank, random) => {
  const drawn = drawSentence(spoilt, random, ({ side }) => side === 'left' || side === 'right');
  if (drawn === undefined) return undefined;
  const { sentence, finding } = drawn;
  const turned = swapWords(sentence.text, OTHER_SIDE);
  Object.assign(sentence, { text: turned, touched: true });
  return { class: 'wrong location', significant: !isMinor(finding), finding };
};

const changeDegree: Corruption = (spoilt, _bank, random) => {
  const drawn = drawSentence(spoilt, random, ({ severity }) => severity !== undefined);
  if (drawn === undefined) return undefined;
  const { sentence, finding } = drawn;
  const changed = swapWords(sentence.text, OTHER_DEGREE);
  if (changed === sentence.text) return undefined;
  Object.assign(sentence, { text: changed, touched: true });
  return { class: 'wrong severity', significant: !isMinor(finding), finding };
};

const compareWithPrior: Corruption = (spoilt, _bank, random) => {
  const drawn = drawSentence(spoilt, random, ({ change }) => change === undefined);
  if (drawn === undefined) return undefined;
  const { sentence, finding } = drawn;
  const course = random.pick(['increased', 'decreased']);
  const text = sentence.text.replace(/[.\s]*$/, `, ${course} in size since the prior study.`);
  Object.assign(sentence, { text, touched: true });
  return { class: 'false comparison', significant: !isMinor(finding), finding };
};

const CORRUPTIONS: readonly Corruption[] = [leaveOut, addFinding, turnSide, changeDegree, compareWithPrior];

const OTHER_SIDE: Readonly<Record<string, string>> = { left: 'right', right: 'left' };

/** Two degrees away at least. */
const OTHER_DEGREE: Readonly<Record<string, string>> = {
  mild: 'severe',
  mildly: 'severely',
  minimal: 'severe',
  minimally: 'severely',
  slight: 'severe',
  slightly: 'severely',
  small: 'large',
  tiny: 'large',
  trace: 'large',
  large: 'small',
  massive: 'small',
  severe: 'mild',
  severely: 'mildly',
  marked: 'mild',
  markedly: 'mildly',
};

function swapWords(text: string, other: Readonly<Record<string, string>>): string {
  return text.replace(/[a-z]+/gi, (word) => {
    const swapped = Object.hasOwn(other, word.toLowerCase()) ? other[word.toLowerCase()] : undefined;
    if (swapped === undefined) return word;
    return /^[A-Z]/.test(word) ? (swapped[0] as string).toUpperCase() + swapped.slice(1) : swapped;
  });
}
