/**
 * Words that turn a statement round or make it doubtful, and how far they reach. After NegEx and ConText (Chapman et
 * al. 2001, Harkema et al. 2009): cues before or after the finding, cues that only look like negations, and words that
 * end a scope. Lists go on (`no effusion, pneumothorax or consolidation`), fresh statements do not (`no pneumothorax,
 * small left effusion`).
 */

/**
 * What a cue does: deny or doubt what follows or what went before, end a scope, tell of the past, or nothing at all.
 * `likely` and `probable` are doubts that lean to yes, `doubt-around` puts alternatives side by side,
 * `differential` doubts all that its clause lists.
 */
export type Cue =
  | 'deny'
  | 'deny-before'
  | 'doubt'
  | 'doubt-before'
  | 'doubt-around'
  | 'likely'
  | 'likely-before'
  | 'probable'
  | 'differential'
  | 'past'
  | 'break'
  | 'neutral';

const SEEN =
  '(seen|identified|present|visualized|visible|evident|demonstrated|appreciated|noted|observed|detected|found|apparent)';

export const CUES: Readonly<Record<Cue, readonly string[]>> = {
  deny: [
    '(no|not|without|never|neither|nor|non|denies|w / o)',
    '(negative|free|clear|devoid) (for|of|from)',
    '(absence|lack|resolution|removal) of',
    'no longer',
    'unlikely to (represent|be|reflect)',
    '(rather than|instead of|as opposed to)',
    '(interval|complete|near complete|interval near complete|interval complete|partial) (resolution|removal|clearing) of',
    '(clearing|exclusion) of',
    '(not|less) [definitely|clearly] (represent|suggest)',
  ],
  'deny-before': [
    `(not|no longer) [definitely|clearly|definitively] [be] ${SEEN}`,
    '(absent|resolved|cleared|removed|unlikely|excluded)',
    '(completely|entirely|essentially|now|since) (resolved|cleared)',
    '(ruled|rules) out',
    ': (none|absent|negative|nil|none seen|not seen|not present|not identified)',
    '(has|have) been removed',
    '(has|have) (resolved|cleared)',
    '(was|were|been) [since] (removed|discontinued)',
  ],
  doubt: [
    '(possible|possibly|perhaps|questionable|question|suspect|suspected|suspicion|equivocal|suspicious)',
    '(may|might|could|may also|could also|can) [be|represent|reflect|indicate|suggest|relate to]',
    '(may be|might be|could be|maybe|possibly) (due|secondary|related|attributable) to',
    '(maybe|suggest|suggesting|suspicious|concerning)',
    '(suggestive|suspicious|concerning|worrisome|question|concern) (of|for)',
    '(cannot|can not|not|to) [completely|entirely|definitely] (exclude|rule out)',
    '(rule out|r / o)',
    '(difficult|hard|unable) to [completely|entirely] (exclude|rule out)',
    '(less likely|favored over|versus less likely)',
    '?',
    'not (well|clearly) (exclude|excluded)',
    '(evaluate|assess|correlate|evaluation|correlation) [clinically] for',
    '(if|whether|consider)',
  ],
  'doubt-before': [
    '(cannot|can not|not|could not) be [completely|entirely] (excluded|ruled out)',
    '(is|are) (not|difficult to) [be] (excluded|exclude)',
    'not [entirely|completely] (excluded|ruled out)',
    '(is|are) (possible|suspected|questioned|questionable)',
    '(would|could) be [a] (consideration|considered)',
    '(should|may|might|could) [also] be (considered|present|possible)',
    'not [as] (well|clearly|optimally) (seen|visualized|demonstrated|appreciated|identified|delineated)',
    '[a|remain a|remains a] possibility',
  ],
  likely: [
    'likely [represent|representing|reflect|reflecting|due to|related to|secondary to|be]',
    '(most|very) likely [represent|representing|reflect|reflecting|due to|related to|secondary to]',
  ],
  'likely-before': ['(is|are) (likely|most likely)'],
  probable: [
    '(probable|probably|presumably|presumed) [represent|representing|reflect|reflecting|due to|related to|secondary to]',
    '(most|strongly|highly) (suggestive|suspicious|concerning) (of|for)',
    '(favor|favored|favors) [to] [be|represent|reflect]',
  ],
  differential: [
    'differential [diagnosis|consideration|diagnostic consideration] [include|includes|would include|is]',
    '(diagnostic consideration|consideration) (include|includes|would include)',
  ],
  past: [
    '[past|prior|known|clinical|remote] history of',
    'patient (has|with) [a] [known] history of',
    'clinical history',
  ],
  'doubt-around': ['(versus|vs)', 'and (/|or)'],
  break: [
    '(but|however|although|though|except|while|whereas|which|because|with|otherwise|therefore)',
    '(apart|aside) from',
    'other than',
    '(secondary|due) to',
    ';',
    ':',
  ],
  neutral: [
    '(no|without|not) [significant|interval|definite|appreciable|substantial|acute] [interval] (change|changed|increase|decrease|improvement)',
    '(no|not) (only|further|prior|previous|comparison)',
    '(no|not) (substantially|significantly) (changed|different)',
    '(compatible|consistent|associated|seen|correlated) with',
    'not (fully|completely|adequately|optimally|well) (evaluated|included|assessed|imaged)',
    'not (fully|completely|adequately) (seen|visualized|demonstrated)',
    'without comparison',
  ],
};

/** Words that carry a negation in a report: cleaning must hold each of them, and tests count them. */
export const NEGATION_WORDS: readonly string[] = [
  'no',
  'not',
  'non',
  'nor',
  'none',
  'never',
  'neither',
  'nothing',
  'without',
  'negative',
  'absent',
  'absence',
  'free',
  'clear',
  'cannot',
  'denies',
  'lack',
  'unremarkable',
  'resolved',
];

/** After a comma or an "and", a word of these begins a statement of its own and ends the list before it. */
export const FRESH_START: ReadonlySet<string> = new Set([
  'the',
  'there',
  'this',
  'a',
  'an',
  'stable',
  'unchanged',
  'chronic',
  'old',
  'healed',
  'calcified',
  'it',
  'persistent',
  'interval',
  'also',
  'again',
]);
