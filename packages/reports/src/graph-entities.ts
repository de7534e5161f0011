/** The entities of one sentence: each phrase as an observation or an anatomy, or parted into both (`pleural effusion`). */

import { looksOf } from './looks.ts';
import type { Phrase } from './phrases.ts';
import { namesFinding } from './qualifiers.ts';
import { certaintyAt, type Sentence } from './scope.ts';

export interface GraphEntity {
  /** The words of the report. */
  readonly text: string;
  readonly kind: 'observation' | 'anatomy';
  /** Anatomy is present. */
  readonly certainty: 'present' | 'absent' | 'uncertain';
  /** Characters [start, end) of the text. */
  readonly start: number;
  readonly end: number;
}

/** `head`: an observation others qualify; `modifier`: one that qualifies; `anatomy`: a part, a place or a side. */
export type Role = 'head' | 'modifier' | 'anatomy';

export interface Node {
  readonly entity: GraphEntity;
  readonly phrase: Phrase;
  readonly role: Role;
  /** Words [from, to) of the sentence. */
  readonly from: number;
  readonly to: number;
}

/** Words inside the names of findings that are anatomy in their own right. */
const ANATOMICAL: ReadonlySet<string> = new Set([
  ...[
    'pleural',
    'pulmonary',
    'lung',
    'hilar',
    'perihilar',
    'mediastinal',
    'parenchymal',
    'cardiac',
    'heart',
    'vascular',
  ],
  ...[
    'venous',
    'rib',
    'vertebral',
    'clavicular',
    'aortic',
    'spine',
    'spinal',
    'diaphragmatic',
    'apical',
    'biapical',
  ],
  ...[
    'airspace',
    'bronchovascular',
    'peribronchial',
    'lobar',
    'interlobar',
    'fissural',
    'endplate',
    'disc',
    'bony',
  ],
  ...['osseous', 'sternal', 'lymph', 'alveolar', 'septal', 'thoracic', 'lumbar', 'cervical', 'coronary'],
]);

/** Words at the edge of a phrase that name nothing. */
const FUNCTION_WORDS: ReadonlySet<string> = new Set([
  ...[
    'a',
    'an',
    'the',
    'of',
    'in',
    'to',
    'on',
    'at',
    'for',
    'from',
    'with',
    'is',
    'are',
    'was',
    'were',
    'be',
    'been',
  ],
  ...['has', 'have', 'no', 'not', 'without', 'since', 'that', 'than', 'and', 'or'],
]);

/** In the order of the words. */
export function nodesOf(text: string, sentence: Sentence): Node[] {
  const heads = new Set<Phrase>(looksOf(sentence).map(({ look }) => look));
  const nodes: Node[] = [];
  for (const phrase of sentence.phrases) {
    const { polarity, past } = certaintyAt(sentence.scopes, phrase.start);
    if (past) continue;
    const said = deniesItself(sentence, phrase) ? 'negative' : polarity;
    for (const { from, to, role } of piecesOf(sentence, phrase, heads.has(phrase))) {
      nodes.push({
        entity: entityOf(text, sentence, from, to, role, said),
        phrase,
        role,
        from,
        to,
      });
    }
  }
  return nodes;
}

/** `no significant change`: the denial is part of the phrase. */
function deniesItself({ words }: Sentence, { meaning, start }: Phrase): boolean {
  return meaning.change === 'unchanged' && DENIALS.has(words[start] as string);
}

const DENIALS: ReadonlySet<string> = new Set(['no', 'not', 'without']);

function entityOf(
  text: string,
  sentence: Sentence,
  from: number,
  to: number,
  role: Role,
  polarity: 'positive' | 'negative' | 'uncertain',
): GraphEntity {
  const start = sentence.starts[from] as number;
  const end = sentence.ends[to - 1] as number;
  const kind = role === 'anatomy' ? 'anatomy' : 'observation';
  const certainty = CERTAINTY[role === 'anatomy' ? 'positive' : polarity];
  return { text: text.slice(start, end), kind, certainty, start, end };
}

const CERTAINTY = { positive: 'present', negative: 'absent', uncertain: 'uncertain' } as const;

interface Piece {
  readonly from: number;
  readonly to: number;
  readonly role: Role;
}

function piecesOf(sentence: Sentence, phrase: Phrase, isHead: boolean): Piece[] {
  const { meaning, start, end } = phrase;
  if (namesFinding(phrase)) {
    return meaning.device === undefined
      ? partedFinding(sentence, phrase)
      : [{ from: start, to: end, role: 'head' }];
  }
  if (isHead) return trimmed(sentence, phrase, 'head');
  if (meaning.generic) return trimmed(sentence, phrase, 'head');
  if (meaning.location === 'diffuse') return [{ from: start, to: end, role: 'modifier' }];
  if ((meaning.part ?? meaning.side ?? meaning.location ?? meaning.site) !== undefined) {
    return trimmed(sentence, phrase, 'anatomy');
  }
  const qualifies = meaning.severity ?? meaning.form ?? meaning.change ?? meaning.look;
  return qualifies === undefined ? [] : trimmed(sentence, phrase, 'modifier');
}

/** `rib fracture` -> anatomy and observation; `heart failure`, all anatomy or none, stays whole. */
function partedFinding({ words }: Sentence, { start, end }: Phrase): Piece[] {
  const pieces: { from: number; to: number; role: Role }[] = [];
  for (let i = start; i < end; i++) {
    const word = words[i] as string;
    if (FUNCTION_WORDS.has(word)) continue;
    const role = ANATOMICAL.has(word) ? 'anatomy' : 'head';
    const last = pieces.at(-1);
    if (last?.role === role && last.to === i) last.to = i + 1;
    else pieces.push({ from: i, to: i + 1, role });
  }
  const heads = pieces.filter(({ role }) => role === 'head').length;
  const whole = heads !== 1 || pieces.every(({ role }) => role === 'head') || words[end - 1] === 'failure';
  return whole ? [{ from: start, to: end, role: 'head' }] : pieces;
}

/** Without the function words at its edges; nothing where there is no other. */
function trimmed({ words }: Sentence, { start, end }: Phrase, role: Role): Piece[] {
  let from = start;
  let to = end;
  while (from < to && FUNCTION_WORDS.has(words[from] as string) && words[from + 1] !== 'longer') from++;
  while (to > from && FUNCTION_WORDS.has(words[to - 1] as string)) to--;
  return from < to ? [{ from, to, role }] : [];
}
