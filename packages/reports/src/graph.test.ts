import fc from 'fast-check';
import { expect, test } from 'vitest';
import { reportGraph } from './graph.ts';

/** `effusion+`, `lungs`, and `effusion > pleural (located_at)`. */
function drawn(text: string): { entities: string[]; relations: string[] } {
  const { entities, relations } = reportGraph(text);
  const sign = { present: '+', absent: '-', uncertain: '?' } as const;
  return {
    entities: entities.map(({ text: words, kind, certainty }) =>
      kind === 'anatomy' ? words : words + sign[certainty],
    ),
    relations: relations.map(
      ({ from, to, kind }) => `${entities[from]?.text} > ${entities[to]?.text} (${kind})`,
    ),
  };
}

test.each<[string, string[], string[]]>([
  [
    'Small right pleural effusion.',
    ['Small+', 'right', 'pleural', 'effusion+'],
    ['Small > effusion (modify)', 'right > pleural (modify)', 'effusion > pleural (located_at)'],
  ],
  [
    'The lungs are clear without focal consolidation.',
    ['lungs', 'clear+', 'focal-', 'consolidation-'],
    ['clear > lungs (located_at)', 'focal > consolidation (modify)'],
  ],
  ['The heart is not enlarged.', ['heart', 'enlarged-'], ['enlarged > heart (located_at)']],
  [
    'Opacity in the left lower lobe may represent pneumonia or atelectasis.',
    ['Opacity+', 'left', 'lower lobe', 'pneumonia?', 'atelectasis?'],
    [
      'Opacity > lower lobe (located_at)',
      'Opacity > pneumonia (suggestive_of)',
      'Opacity > atelectasis (suggestive_of)',
      'left > lower lobe (modify)',
    ],
  ],
  [
    'Mild interstitial opacities. This may represent edema.',
    ['Mild+', 'interstitial opacities+', 'edema?'],
    ['Mild > interstitial opacities (modify)', 'interstitial opacities > edema (suggestive_of)'],
  ],
  [
    'Right rib fractures. The PICC lies in the superior vena cava.',
    ['Right', 'rib', 'fractures+', 'PICC+', 'superior vena cava'],
    ['Right > rib (modify)', 'fractures > rib (located_at)', 'PICC > superior vena cava (located_at)'],
  ],
  [
    'Heart size and mediastinal contours are normal.',
    ['Heart size', 'mediastinal contours', 'normal+'],
    ['normal > Heart size (located_at)', 'normal > mediastinal contours (located_at)'],
  ],
  ['No acute cardiopulmonary process.', ['acute cardiopulmonary process-'], []],
  ['The effusion has resolved.', ['effusion-', 'resolved+'], ['resolved > effusion (modify)']],
  [
    'No significant change in the effusion.',
    ['significant change-', 'effusion+'],
    ['significant change > effusion (modify)'],
  ],
  ['Exam of two views.', [], []],
])('%s', (text, entities, relations) => {
  expect(drawn(text)).toEqual({ entities, relations });
});

const words = fc.array(
  fc.constantFrom(
    ...[
      'small',
      'right',
      'left',
      'pleural',
      'effusion',
      'the',
      'heart',
      'is',
      'enlarged',
      'no',
      'possible',
      'clear',
    ],
    ...[
      'lungs',
      'and',
      'or',
      ',',
      '.',
      'may represent',
      'pneumonia',
      'stable',
      'ET tube',
      'tip',
      'lower lobe',
      'rib',
    ],
  ),
  { maxLength: 40 },
);

test('entities lie in the text, in order, apart; relations join entities that are there', () => {
  fc.assert(
    fc.property(words, (list) => {
      const text = list.join(' ');
      const { entities, relations } = reportGraph(text);
      let end = 0;
      for (const entity of entities) {
        expect(entity.start).toBeGreaterThanOrEqual(end);
        expect(text.slice(entity.start, entity.end)).toBe(entity.text);
        if (entity.kind === 'anatomy') expect(entity.certainty).toBe('present');
        end = entity.end;
      }
      expect(new Set(relations.map(({ from, to, kind }) => `${from} ${to} ${kind}`)).size).toBe(
        relations.length,
      );
      for (const { from, to, kind } of relations) {
        expect(from).not.toBe(to);
        if (kind === 'located_at') {
          expect([entities[from]?.kind, entities[to]?.kind]).toEqual(['observation', 'anatomy']);
        }
        if (kind === 'modify') expect(entities[from]).toBeDefined();
        if (kind === 'suggestive_of') {
          expect([entities[from]?.kind, entities[to]?.kind]).toEqual(['observation', 'observation']);
        }
      }
    }),
  );
});

test('a sentence added behind changes nothing before it', () => {
  fc.assert(
    fc.property(words, (list) => {
      const text = `${list.join(' ')}.`;
      const alone = reportGraph(text);
      const longer = reportGraph(`${text} Trace edema at the apex.`);
      expect(longer.entities.slice(0, alone.entities.length)).toEqual(alone.entities);
    }),
  );
});

test('a denial in front turns present observations of a plain list absent', () => {
  const finding = fc.constantFrom('effusion', 'pneumothorax', 'consolidation', 'edema', 'nodule', 'fracture');
  fc.assert(
    fc.property(fc.uniqueArray(finding, { minLength: 1 }), (list) => {
      const plain = reportGraph(`${list.join(' and ')} are seen.`).entities.map(({ certainty }) => certainty);
      const denied = reportGraph(`No ${list.join(' or ')} is seen.`).entities.map(
        ({ certainty }) => certainty,
      );
      expect(plain).toEqual(list.map(() => 'present'));
      expect(denied).toEqual(list.map(() => 'absent'));
    }),
  );
});
