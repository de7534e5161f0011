/**
 * A report written from findings by template: what the encoder's labels say, in fixed sentences, the rest denied or called normal.
 * The baseline of a language model that adds nothing but wording (cf. Pino et al., MLMI 2021).
 */
import { type Finding, tagFindings } from '@llama-xr/reports';

/** One sentence a finding, where `There is <finding>.` is not how it is said. */
const SENTENCES: Readonly<Partial<Record<Finding, string>>> = {
  cardiomegaly: 'The heart is enlarged.',
  'enlarged mediastinum': 'The mediastinum is widened.',
  'prominent hilum': 'There is hilar prominence.',
  'pleural effusion': 'There is a pleural effusion.',
  pneumothorax: 'There is a pneumothorax.',
  'blunted costophrenic angle': 'There is blunting of the costophrenic angle.',
  infiltrate: 'There is an infiltrate.',
  opacity: 'There is an airspace opacity.',
  edema: 'There is pulmonary edema.',
  congestion: 'There is pulmonary vascular congestion.',
  'interstitial markings': 'Interstitial markings are prominent.',
  nodule: 'There is a pulmonary nodule.',
  mass: 'There is a mass.',
  'lung lesion': 'There is a lung lesion.',
  granuloma: 'There is a calcified granuloma.',
  copd: 'There is COPD.',
  hyperinflation: 'The lungs are hyperinflated.',
  'low lung volumes': 'Lung volumes are low.',
  'elevated diaphragm': 'The diaphragm is elevated.',
  hernia: 'There is a hiatal hernia.',
  fracture: 'There is a fracture.',
  'bone deformity': 'There is a bony deformity.',
  'spine degeneration': 'There are degenerative changes of the spine.',
  'spine curvature': 'There is scoliosis.',
  'tortuous aorta': 'The aorta is tortuous.',
  'aortic calcification': 'The aorta is calcified.',
  catheter: 'There is a central venous catheter.',
  tube: 'There is a tube.',
  'implanted device': 'There is an implanted cardiac device.',
  'surgical material': 'There are surgical clips.',
};

/** What is said of a part none of whose findings is there. */
const NORMAL: readonly { readonly unless: readonly Finding[]; readonly sentence: string }[] = [
  { unless: ['cardiomegaly'], sentence: 'The heart is normal in size.' },
  { unless: ['enlarged mediastinum', 'prominent hilum'], sentence: 'The mediastinum is unremarkable.' },
  {
    unless: [
      'consolidation',
      'infiltrate',
      'opacity',
      'pneumonia',
      'atelectasis',
      'edema',
      'congestion',
      'interstitial markings',
      'nodule',
      'mass',
      'lung lesion',
      'granuloma',
      'emphysema',
      'fibrosis',
      'scarring',
    ],
    sentence: 'The lungs are clear.',
  },
];

const DENIED: readonly Finding[] = ['pneumothorax', 'pleural effusion'];

export function templateReport(findings: ReadonlySet<Finding>): string {
  const normal = NORMAL.filter(({ unless }) => !unless.some((finding) => findings.has(finding)));
  const stated = [...findings].map((finding) => SENTENCES[finding] ?? `There is ${finding}.`);
  const denied = DENIED.filter((finding) => !findings.has(finding));
  return [
    ...normal.map(({ sentence }) => sentence),
    ...stated,
    ...(denied.length > 0 ? [`There is no ${denied.join(' or ')}.`] : []),
  ].join(' ');
}

/** From what a model was told, as tags. */
export function templateOfTags(tags: readonly string[]): string {
  return templateReport(tagFindings(tags));
}
