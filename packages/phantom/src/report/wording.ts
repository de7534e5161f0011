/**
 * Ways to say what is there and what is not, in the manner of chest X-ray reports. Each way states its finding with
 * side, place and degree and nothing else: no word that would name another finding (an opacity, a blunted angle).
 */
import type { FindingOf, PhantomFinding, PhantomKind, Side } from '../findings.ts';

/** Where in a report a sentence stands. */
export const SECTIONS = ['heart', 'lungs', 'pleura', 'bones', 'devices'] as const;
export type Section = (typeof SECTIONS)[number];

export const SECTION_OF: Readonly<Record<PhantomKind, Section>> = {
  cardiomegaly: 'heart',
  consolidation: 'lungs',
  nodule: 'lungs',
  atelectasis: 'lungs',
  edema: 'lungs',
  hyperinflation: 'lungs',
  'pleural effusion': 'pleura',
  pneumothorax: 'pleura',
  'implanted device': 'devices',
};

type Ways<Kind extends PhantomKind> = (finding: FindingOf<Kind>) => readonly string[];

const ZONES = {
  upper: ['upper lobe', 'upper lung zone', 'upper lung'],
  mid: ['mid lung', 'midlung zone', 'mid lung zone'],
  lower: ['lower lobe', 'lower lung zone', 'lower lung'],
} as const;

function places({ side, zone }: { side: Side; zone: keyof typeof ZONES }): string[] {
  return ZONES[zone].map((place) => `${side} ${place}`);
}

/** Sentences of the findings section that state a finding. */
export const STATED: { readonly [Kind in PhantomKind]: Ways<Kind> } = {
  cardiomegaly: ({ severity }) =>
    severity === 'mild'
      ? [
          'The heart is mildly enlarged.',
          'There is mild cardiomegaly.',
          'Mild enlargement of the cardiac silhouette.',
          'The cardiac silhouette is mildly enlarged.',
          'Heart size is mildly enlarged.',
          'Mild cardiomegaly is present.',
        ]
      : [
          'The heart is severely enlarged.',
          'There is severe cardiomegaly.',
          'Marked enlargement of the cardiac silhouette.',
          'The cardiac silhouette is markedly enlarged.',
          'Heart size is severely enlarged.',
          'Marked cardiomegaly is present.',
        ],
  'pleural effusion': ({ side, severity }) =>
    side === 'bilateral'
      ? [
          `There are ${severity} bilateral pleural effusions.`,
          `${capital(severity)} bilateral pleural effusions are present.`,
          `${capital(severity)} bilateral pleural effusions.`,
          `Bilateral ${severity} pleural effusions are seen.`,
        ]
      : [
          `There is a ${severity} ${side} pleural effusion.`,
          `A ${severity} ${side} pleural effusion is present.`,
          `${capital(severity)} ${side} pleural effusion.`,
          `${capital(severity)} ${side}-sided pleural effusion is seen.`,
          `There is a ${severity} pleural effusion on the ${side}.`,
        ],
  pneumothorax: ({ side, severity }) => [
    `There is a ${severity} ${side} pneumothorax.`,
    `A ${severity} ${side} pneumothorax is present.`,
    `${capital(severity)} ${side} pneumothorax.`,
    `${capital(severity)} ${side}-sided pneumothorax is seen.`,
    `There is a ${severity} pneumothorax on the ${side}.`,
  ],
  consolidation: (finding) =>
    places(finding).flatMap((place) => [
      `There is consolidation in the ${place}.`,
      `Focal consolidation is present in the ${place}.`,
      `Consolidation is seen in the ${place}.`,
      `There is a focal consolidation of the ${place}.`,
    ]),
  nodule: (finding) =>
    places(finding).flatMap((place) => [
      `There is a nodule in the ${place}.`,
      `A nodule is present in the ${place}.`,
      `A round nodule is seen in the ${place}.`,
      `Pulmonary nodule in the ${place}.`,
    ]),
  atelectasis: ({ side }) => [
    `There is linear atelectasis at the ${side} lung base.`,
    `Linear atelectasis is present at the ${side} base.`,
    `Band-like atelectasis at the ${side} lung base.`,
    `Subsegmental atelectasis is seen at the ${side} base.`,
    `${capital(side)} basilar atelectasis.`,
  ],
  edema: () => [
    'There is pulmonary edema.',
    'Pulmonary edema is present.',
    'Findings of pulmonary edema.',
    'There is bilateral pulmonary edema.',
    'Bilateral perihilar haze is consistent with pulmonary edema.',
  ],
  hyperinflation: () => [
    'The lungs are hyperinflated.',
    'The lungs are hyperinflated with flattened diaphragms.',
    'There is hyperinflation of the lungs with flattening of the diaphragms.',
    'Hyperexpanded lungs with flattened hemidiaphragms.',
  ],
  'implanted device': () => [
    'A pacemaker is in place.',
    'A left chest pacemaker is present.',
    'There is a left-sided pacemaker.',
    'Left chest pacemaker with a single lead.',
    'A left-sided cardiac pacemaker is noted.',
  ],
};

/** Sentences that deny one finding. */
export const DENIED: Readonly<
  Record<Exclude<PhantomKind, 'implanted device' | 'hyperinflation'>, readonly string[]>
> = {
  cardiomegaly: [
    'Heart size is normal.',
    'The heart is normal in size.',
    'Normal heart size.',
    'The cardiac silhouette is within normal limits.',
    'Cardiac silhouette is normal in size.',
  ],
  'pleural effusion': [
    'No pleural effusion.',
    'There is no pleural effusion.',
    'No pleural effusion is seen.',
  ],
  pneumothorax: ['No pneumothorax.', 'There is no pneumothorax.', 'No pneumothorax is seen.'],
  consolidation: [
    'No focal consolidation.',
    'There is no focal consolidation.',
    'No focal consolidation is identified.',
  ],
  nodule: ['No nodule is seen.', 'No pulmonary nodule.', 'There is no suspicious nodule.'],
  atelectasis: ['No atelectasis.', 'There is no atelectasis.'],
  edema: ['No pulmonary edema.', 'There is no pulmonary edema.', 'No evidence of pulmonary edema.'],
};

/** Denials of several findings in one sentence, most of them first. */
export const DENIED_TOGETHER: readonly (readonly [
  denied: readonly PhantomKind[],
  ways: readonly string[],
])[] = [
  [
    ['consolidation', 'pleural effusion', 'pneumothorax'],
    [
      'No focal consolidation, pleural effusion, or pneumothorax.',
      'There is no focal consolidation, pneumothorax, or pleural effusion.',
      'No consolidation, effusion, or pneumothorax is seen.',
    ],
  ],
  [
    ['pleural effusion', 'pneumothorax'],
    [
      'No pleural effusion or pneumothorax.',
      'There is no pneumothorax or pleural effusion.',
      'No pneumothorax or pleural effusion is seen.',
    ],
  ],
];

/** Said only when nothing at all is wrong with lungs and pleura. */
export const CLEAR_LUNGS: readonly string[] = [
  'The lungs are clear.',
  'Lungs are clear bilaterally.',
  'The lungs are clear bilaterally.',
  'Clear lungs.',
];

/** True of every phantom. */
export const ALWAYS_MEDIASTINUM: readonly string[] = [
  'The mediastinal contours are normal.',
  'Mediastinal contours are within normal limits.',
  'The mediastinum is unremarkable.',
];
export const ALWAYS_BONES: readonly string[] = [
  'The osseous structures are intact.',
  'Bony structures are intact.',
  'No acute bony abnormality.',
  'The bony thorax is unremarkable.',
];

export const NORMAL_IMPRESSION: readonly string[] = [
  'No acute cardiopulmonary abnormality.',
  'No acute cardiopulmonary disease.',
  'Normal chest.',
  'No acute findings.',
];

/** A finding in the few words of an impression, without a full stop. */
export function inBrief(finding: PhantomFinding): string {
  switch (finding.kind) {
    case 'cardiomegaly':
      return `${finding.severity} cardiomegaly`;
    case 'pleural effusion':
      return finding.side === 'bilateral'
        ? `${finding.severity} bilateral pleural effusions`
        : `${finding.severity} ${finding.side} pleural effusion`;
    case 'pneumothorax':
      return `${finding.severity} ${finding.side} pneumothorax`;
    case 'consolidation':
    case 'nodule':
      return `${places(finding)[0]} ${finding.kind}`;
    case 'atelectasis':
      return `${finding.side} basilar atelectasis`;
    case 'edema':
      return 'pulmonary edema';
    case 'hyperinflation':
      return 'hyperinflated lungs';
    case 'implanted device':
      return 'left chest pacemaker';
  }
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
