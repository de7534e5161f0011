/**
 * Phrases that speak of a prior study: `unchanged`, `has increased`, `compared to the prior exam`. A draft written from
 * one study alone can know of none, so each is a claim without support. What says that there is no prior
 * (`no prior studies for comparison`) claims none. `Increased markings` or `larger than the left` compare with what is
 * normal or with the other side, and are no phrases of this kind.
 */
import { PhraseBook } from './phrase-book.ts';
import { sentenceSpans, wordsOf } from './sentences.ts';

/** `course`: a change since then; `unchanged`: none; `prior`: the earlier study itself. */
export type ComparisonKind = 'course' | 'unchanged' | 'prior';

export interface Comparison {
  readonly kind: ComparisonKind;
  readonly text: string;
  /** Number of the sentence in the text, from 0. */
  readonly sentence: number;
  /** Characters [start, end) of the text. */
  readonly start: number;
  readonly end: number;
}

const STUDY = '(study|exam|examination|film|radiograph|image|imaging|x ray|ct|scan|report|xxxx|chest)';
const EARLIER = '(prior|previous|earlier|preceding|most recent|recent|last|old)';
const SEEN = '(seen|noted|identified|demonstrated|visualized|present|evident|described|observed|reported)';

const PHRASES: Readonly<Record<ComparisonKind | 'none', readonly string[]>> = {
  course: [
    '(new|newly|new onset)',
    'interval [slight|mild|marked|moderate|complete|partial] (change|increase|decrease|improvement|worsening|development|appearance|progression|resolution|clearing|removal|placement|insertion|enlargement|growth|reduction|increased|decreased|improved|worsened|intubation|extubation)',
    '(increasing|decreasing|worsening|worsened|improving|improved|resolving|resolved|enlarging|progressing|progressed|regressed)',
    '(has|have) [since|now|slightly|mildly|markedly|significantly|almost|nearly|completely|partially] (increased|decreased|worsened|improved|resolved|cleared|enlarged|progressed|diminished|developed|grown|changed|regressed|removed|been removed|been placed)',
    '(increased|decreased|increase|decrease) in [the] (size|number|extent|size and number|interval)',
    '(increased|decreased|larger|smaller|worse|better|greater|higher|lower|more prominent|less prominent) [as] (since|compared|in comparison|than [on] [the] (prior|previous))',
    'no longer',
    '(was|were|been) [since] removed',
    'in the interval',
  ],
  unchanged: [
    '(unchanged|stable|redemonstrated|redemonstration|persistent|persistently|persisting)',
    '(remain|remains|persist|persists)',
    `(again|still) ${SEEN}`,
    `${SEEN} again`,
    '(no|without|without any|not) [significant|definite|appreciable|substantial|gross|obvious|acute|other] [interval] (change|changed)',
    '(no|not) [substantially|significantly|appreciably] (changed|different)',
    '(as before|similar as before|similar to before|not changed|similar in appearance|similar appearance)',
    '(similar|unchanged|stable) [in appearance] [as] (to|from|since|compared to|compared with|when compared to) [the] [patient] (prior|previous|earlier)',
  ],
  prior: [
    `[compared|comparison] (with|to|since|from|on) [the] ${EARLIER} ${STUDY}`,
    `[the] ${EARLIER} ${STUDY}`,
    '(compared|comparison|comparing) (to|with)',
    '(since|from|to|with|than|in) [the] (prior|previous|last|comparison|xxxx)',
    `(previously|prior|formerly) ${SEEN}`,
    `(seen|noted|identified|described) (previously|before|earlier)`,
    '(previously|formerly)',
  ],
  none: [
    `(no|without|none) [available] ${EARLIER} [${STUDY}] [for comparison|is available|are available|available]`,
    `(no|without|none) [available] (comparison|comparative) [${STUDY}]`,
    `${EARLIER} ${STUDY} (is|are) not available`,
    '(comparison|comparison is|comparisons) [:] none',
    '(clinically|hemodynamically) stable',
  ],
};

const BOOK = new PhraseBook<ComparisonKind | 'none'>((first) => first);
for (const kind of ['none', 'course', 'unchanged', 'prior'] as const) {
  for (const pattern of PHRASES[kind]) BOOK.add(pattern, kind);
}

/** The phrases of a text that speak of a prior study, in order. */
export function comparisonsIn(text: string): Comparison[] {
  const comparisons: Comparison[] = [];
  for (const [sentence, span] of sentenceSpans(text).entries()) {
    const words = wordsOf(text, span.start, span.end);
    for (const match of BOOK.find(words.lemmas)) {
      if (match.meaning === 'none') continue;
      const start = words.starts[match.start] as number;
      const end = words.ends[match.end - 1] as number;
      comparisons.push({ kind: match.meaning, text: text.slice(start, end), sentence, start, end });
    }
  }
  return comparisons;
}
