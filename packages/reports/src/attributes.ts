/** Where a finding is and how marked it is: sides, places and degrees, in the words of IU X-ray's MeSH qualifiers. */

export type Side = 'left' | 'right' | 'bilateral';

export const SIDES: Readonly<Record<Side, readonly string[]>> = {
  left: ['(left|left sided|lt)'],
  right: ['(right|right sided|rt)'],
  bilateral: ['(bilateral|bilaterally|both|biapical|bibasilar|bibasal)'],
};

export const PLACES = {
  base: ['[lung] (base|basal|basilar)', 'lung base', '(bibasilar|bibasal)'],
  'lower lobe': ['lower (lobe|lung|lung zone)'],
  'middle lobe': ['middle lobe', '(midlung|mid lung) [zone]'],
  'upper lobe': ['upper (lobe|lung|lung zone)'],
  lingula: ['(lingula|lingular)'],
  apex: ['(apex|apical|biapical)'],
  hilum: ['(hilar|hilum|perihilar|parahilar|suprahilar|infrahilar)'],
  retrocardiac: ['retrocardiac'],
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
