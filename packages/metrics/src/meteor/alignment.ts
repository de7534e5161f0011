/**
 * The alignment of METEOR-1.5: of all matches the set that overlaps nowhere and covers most words, then has the fewest
 * chunks, then the least crossing. Found by a beam of 40 partial alignments from left to right over the reference.
 *
 * Three habits of the original search are kept, since its numbers come from them: words covered count in whole numbers
 * (a match that is not exact counts half, rounded down on either side, so that one of single words counts nothing); the
 * crossing of a match is charged to the alignments formed after it at the same word, not to its own; equal alignments
 * stand in the order in which they were found.
 */
import type { Match, Matches } from './matches.ts';

const BEAM = 40;

/** Choices up to some word of the reference. */
interface Path {
  /** Words covered on both sides, as the search counts them. */
  readonly covered: number;
  /** Chunks that have ended. */
  readonly chunks: number;
  readonly crossing: number;
  /** The first word of the reference that is not decided on. */
  readonly next: number;
  /** Where the open chunk ends in the hypothesis; -1 without one. */
  readonly chunkEnd: number;
  /** The matches chosen where there was a choice, the last one first. */
  readonly chosen: Chosen | undefined;
}

interface Chosen {
  readonly match: Match;
  readonly before: Chosen | undefined;
}

const START: Path = { covered: 0, chunks: 0, crossing: 0, next: 0, chunkEnd: -1, chosen: undefined };

/**
 * @param hypothesisLength in words
 * @returns the matches chosen, from left to right in the reference.
 */
export function align(matches: Matches, hypothesisLength: number): Match[] {
  const { settled, open } = settle(matches, hypothesisLength);
  let paths = [START];
  for (let j = 0; j < matches.length; j++) {
    const found: Path[] = [];
    for (const path of paths.sort(byMerit).slice(0, BEAM)) {
      const match = settled[j];
      if (j < path.next) found.push(path);
      else if (match !== undefined)
        found.push(extended(path, match, path.crossing + crossingOf(match), path.chosen));
      else branch(path, open[j] as readonly Match[], found);
    }
    paths = found;
  }
  const ended = paths
    .sort(byMerit)
    .slice(0, BEAM)
    .map((path) => passed(path, path.crossing));
  const [best] = ended.sort(byMerit) as [Path];
  for (let choice = best.chosen; choice !== undefined; choice = choice.before)
    settled[choice.match.referenceStart] = choice.match;
  return settled.filter((match) => match !== undefined);
}

function byMerit(a: Path, b: Path): number {
  return b.covered - a.covered || a.chunks - b.chunks || a.crossing - b.crossing;
}

/** Matches that stand alone on all their words are taken; those that overlap them can never be. */
function settle(
  matches: Matches,
  hypothesisLength: number,
): { settled: (Match | undefined)[]; open: Matches } {
  const seen = new Coverage(hypothesisLength, matches.length);
  for (const at of matches) for (const match of at) seen.add(match);
  const settled = matches.map((at) =>
    at.length === 1 && seen.most(at[0] as Match) === 1 ? at[0] : undefined,
  );
  const taken = new Coverage(hypothesisLength, matches.length);
  for (const match of settled) if (match !== undefined) taken.add(match);
  return { settled, open: matches.map((at) => at.filter((match) => taken.most(match) === 0)) };
}

/** How many matches cover each word of the two texts. */
class Coverage {
  readonly #hypothesis: Int32Array;
  readonly #reference: Int32Array;

  constructor(hypothesisLength: number, referenceLength: number) {
    this.#hypothesis = new Int32Array(hypothesisLength);
    this.#reference = new Int32Array(referenceLength);
  }

  add({ hypothesisStart, hypothesisLength, referenceStart, referenceLength }: Match): void {
    for (let i = 0; i < hypothesisLength; i++) bump(this.#hypothesis, hypothesisStart + i);
    for (let i = 0; i < referenceLength; i++) bump(this.#reference, referenceStart + i);
  }

  /** The most on any word of a match. */
  most({ hypothesisStart, hypothesisLength, referenceStart, referenceLength }: Match): number {
    let most = 0;
    for (let i = 0; i < hypothesisLength; i++)
      most = Math.max(most, this.#hypothesis[hypothesisStart + i] as number);
    for (let i = 0; i < referenceLength; i++)
      most = Math.max(most, this.#reference[referenceStart + i] as number);
    return most;
  }
}

function bump(counts: Int32Array, at: number): void {
  counts[at] = (counts[at] as number) + 1;
}

/** All ways to go on from a path: with each match that is still free, or without. */
function branch(path: Path, matches: readonly Match[], found: Path[]): void {
  let { crossing } = path;
  for (const match of matches) {
    if (isTaken(path.chosen, match)) continue;
    found.push(extended(path, match, crossing, { match, before: path.chosen }));
    crossing += crossingOf(match);
  }
  found.push(passed(path, crossing));
}

function extended(path: Path, match: Match, crossing: number, chosen: Chosen | undefined): Path {
  const breaks = path.chunkEnd !== -1 && match.hypothesisStart !== path.chunkEnd;
  return {
    covered: path.covered + counted(match, match.hypothesisLength) + counted(match, match.referenceLength),
    chunks: path.chunks + (breaks ? 1 : 0),
    crossing,
    next: match.referenceStart + match.referenceLength,
    chunkEnd: match.hypothesisStart + match.hypothesisLength,
    chosen,
  };
}

/** The path without a match at its next word, where an open chunk ends. */
function passed(path: Path, crossing: number): Path {
  return {
    covered: path.covered,
    chunks: path.chunks + (path.chunkEnd === -1 ? 0 : 1),
    crossing,
    next: path.next + 1,
    chunkEnd: -1,
    chosen: path.chosen,
  };
}

const counted = ({ kind }: Match, words: number): number => (kind === 'exact' ? words : words >> 1);

const crossingOf = (match: Match): number => Math.abs(match.referenceStart - match.hypothesisStart);

/** Whether words of the hypothesis are taken; those of the reference before `next` are never offered again. */
function isTaken(chosen: Chosen | undefined, { hypothesisStart, hypothesisLength }: Match): boolean {
  const end = hypothesisStart + hypothesisLength;
  for (let choice = chosen; choice !== undefined; choice = choice.before) {
    const { match } = choice;
    if (match.hypothesisStart < end && hypothesisStart < match.hypothesisStart + match.hypothesisLength)
      return true;
  }
  return false;
}
