/**
 * Where a finding is, how marked it is, what form it has and how it changed: sides, places and degrees in the words of
 * IU X-ray's MeSH qualifiers, and our own for the rest.
 */

export type Side = 'left' | 'right' | 'bilateral';

export const SIDES: Readonly<Record<Side, readonly string[]>> = {
  left: ['(left|left sided|lt|lll|lul)'],
  right: ['(right|right sided|rt|rll|rml|rul)'],
  bilateral: [
    '(bilateral|bilaterally|both|biapical|bibasilar|bibasal)',
    '(greater|larger|worse|more|smaller|less) on the (right|left) [side]',
    '[on] [the] (right|left) (greater|larger|worse|more|smaller|less) than [on] [the] (right|left)',
  ],
};

export const PLACES = {
  base: ['[lung] (base|basal|basilar)', 'lung base', '(bibasilar|bibasal)'],
  'lower lobe': ['lower (lobe|lung|lung zone)', '(rll|lll)'],
  'middle lobe': ['(middle lobe|rml)', '(midlung|mid lung) [zone]'],
  'upper lobe': ['upper (lobe|lung|lung zone)', '(rul|lul)'],
  lingula: ['(lingula|lingular)'],
  apex: ['(apex|apical|biapical)'],
  hilum: ['(hilar|hilum|perihilar|parahilar|suprahilar|infrahilar)'],
  retrocardiac: ['retrocardiac'],
  pleura: ['(pleura|pleural)'],
  diffuse: ['(diffuse|diffusely|scattered|multifocal)'],
} as const;

export type Place = keyof typeof PLACES;

export const SEVERITIES = {
  borderline: ['borderline'],
  mild: ['(mild|mildly|minimal|minimally|slight|slightly|subtle|trace)'],
  small: ['(small|tiny)'],
  moderate: ['(moderate|moderately|moderate sized)'],
  large: ['(large|massive)'],
  severe: ['(severe|severely|marked|markedly|gross|extensive)'],
} as const;

export type Severity = keyof typeof SEVERITIES;

/** What shape a shadow has. */
export const FORMS = {
  nodular: ['[round|rounded] nodular', '(round|rounded|ovoid)'],
  masslike: ['(masslike|mass like)'],
  linear: ['(linear|streaky|streak|bandlike|band like|platelike|plate like|discoid|strand|stranding)'],
  patchy: ['(patchy|ill defined|hazy|haziness|fluffy)'],
  reticular: ['(reticular|reticulonodular|reticular nodular)'],
  focal: ['(focal|lobar|segmental|subsegmental|localized)'],
  loculated: ['(loculated|layering|subpulmonic)'],
  calcified: ['(calcified|calcific)'],
} as const;

export type Form = keyof typeof FORMS;

/** How a finding compares with a prior study. A finding that resolved, or a device that was removed, is denied now. */
export const CHANGES = {
  new: [
    '[interval] [area of|focus of] (new|newly|new onset)',
    '(interval|recent|recently) (development|appearance|placement|insertion|placed|inserted) [of]',
    '(developed|developing)',
    '(has|have) developed',
    '(not|was not|were not) (present|seen) (previously|on prior|on the prior|before)',
  ],
  increased: [
    '[interval|slight interval|mild interval] (increase|increased|increasing|worsening|progression|enlargement)',
    '(has|have) [slightly|mildly|markedly|significantly] (increased|worsened|progressed|enlarged)',
    '(increased|increase) in (size|number|extent|size and number)',
    '(worse|worsened|worsen|progressed|progressive|progressing|enlarging|larger)',
    'more (prominent|conspicuous|extensive|pronounced|confluent)',
  ],
  decreased: [
    '[interval|slight interval|mild interval] (decrease|decreased|decreasing|improvement|improved|improving|regression|reduction)',
    '(has|have) [slightly|mildly|markedly|significantly|nearly] (decreased|improved|diminished|regressed)',
    '(decreased|decrease) in (size|number|extent|size and number)',
    '(resolving|regressed|regressing|smaller|clearing|better)',
    'less (prominent|conspicuous|extensive|pronounced|confluent)',
  ],
  unchanged: [
    '(unchanged|stable|persistent|persisting|redemonstrated|redemonstration of)',
    '(again|still) (seen|noted|identified|demonstrated|visualized|present|evident)',
    '(remain|remains|persist|persists)',
    '(no|without|not) [significant|definite|appreciable|substantial|gross] [interval] (change|changed)',
    '(no|not) (substantially|significantly|appreciably) (changed|different)',
    '(similar|similar in appearance|similar appearance|as before|not changed)',
    'similar (to|compared to|compared with) [the] (prior|previous)',
  ],
  resolved: [
    '(resolved|cleared)',
    '(completely|entirely|essentially|now|since) (resolved|cleared)',
    '(has|have) (resolved|cleared)',
    '[interval|complete|near complete|interval complete] (resolution|removal) of',
    'no longer [definitely|clearly] [seen|identified|present|visualized|visible|evident|demonstrated]',
    '(was|were|been) [since] (removed|discontinued)',
    '(has|have) been removed',
    'removed',
  ],
} as const;

export type Change = keyof typeof CHANGES;
