/** A draft beside its reference, word by word: what both say, what the draft adds, what it leaves out. */

export interface DiffPart {
  readonly kind: 'both' | 'draft' | 'reference';
  readonly text: string;
}

/** More table cells than these are not filled: such texts are shown as all different. */
const MOST_CELLS = 4_000_000;

/**
 * The shortest way from reference to draft by words, compared without case and punctuation: a longest common
 * subsequence. Words of one kind in a row are one part; parts are in reading order, what is left out before what is added.
 */
export function wordDiff(draft: string, reference: string): DiffPart[] {
  const a = wordsOf(draft);
  const b = wordsOf(reference);
  if ((a.length + 1) * (b.length + 1) > MOST_CELLS)
    return joined([...b.map(part('reference')), ...a.map(part('draft'))]);
  const width = b.length + 1;
  const common = commonLengths(a, b);
  const parts: DiffPart[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const [mine, theirs] = [a[i], b[j]];
    if (mine !== undefined && theirs !== undefined && mine.key === theirs.key) {
      parts.push({ kind: 'both', text: mine.word });
      [i, j] = [i + 1, j + 1];
    } else if (
      theirs !== undefined &&
      (mine === undefined || (common[i * width + j + 1] as number) >= (common[(i + 1) * width + j] as number))
    ) {
      parts.push({ kind: 'reference', text: theirs.word });
      j++;
    } else if (mine !== undefined) {
      parts.push({ kind: 'draft', text: mine.word });
      i++;
    }
  }
  return joined(parts);
}

interface Word {
  readonly word: string;
  readonly key: string;
}

function wordsOf(text: string): Word[] {
  return text
    .split(/\s+/)
    .filter((word) => word !== '')
    .map((word) => ({ word, key: word.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '') || word }));
}

const part =
  (kind: DiffPart['kind']) =>
  ({ word }: Word): DiffPart => ({ kind, text: word });

/** Cell (i, j): the length of the longest common subsequence of a from i and b from j. */
function commonLengths(a: readonly Word[], b: readonly Word[]): Uint32Array {
  const width = b.length + 1;
  const common = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      common[i * width + j] =
        a[i]?.key === b[j]?.key
          ? (common[(i + 1) * width + j + 1] as number) + 1
          : Math.max(common[(i + 1) * width + j] as number, common[i * width + j + 1] as number);
  return common;
}

function joined(parts: readonly DiffPart[]): DiffPart[] {
  const result: DiffPart[] = [];
  for (const { kind, text } of parts) {
    const last = result.at(-1);
    if (last?.kind === kind) result[result.length - 1] = { kind, text: `${last.text} ${text}` };
    else result.push({ kind, text });
  }
  return result;
}
