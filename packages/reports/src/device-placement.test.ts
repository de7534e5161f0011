import { expect, test } from 'vitest';
import { labelReport } from './label.ts';

/** Devices of a text: name, sign of its polarity, placement, tip. */
function devices(text: string): string[] {
  return labelReport(text)
    .filter(({ device }) => device !== undefined)
    .map(({ device, polarity, placement, tip }) =>
      [device, polarity === 'positive' ? '' : polarity, placement, tip && `(${tip})`]
        .filter(Boolean)
        .join(' '),
    );
}

test.each<[string, string[]]>([
  // By the words of the report.
  ['The endotracheal tube is in satisfactory position.', ['endotracheal tube right']],
  ['The enteric tube should be advanced.', ['enteric tube wrong']],
  ['Left PICC is malpositioned.', ['PICC wrong']],
  ['Standard position of the tracheostomy tube.', ['tracheostomy tube right']],
  ['Pacemaker without malpositioned leads.', ['pacemaker']],
  // By where the tip lies.
  [
    'Right IJ central venous catheter with its tip in the lower SVC.',
    ['central line right (superior vena cava)'],
  ],
  ['A PICC ends in the right axillary vein.', ['PICC wrong (axillary vein)']],
  ['Nasogastric tube with tip in the distal esophagus.', ['enteric tube wrong (esophagus)']],
  ['Feeding tube ends in the stomach.', ['enteric tube right (stomach)']],
  ['ET tube in the right mainstem bronchus.', ['endotracheal tube wrong (main bronchus)']],
  ['Swan-Ganz catheter tip in the main pulmonary artery.', ['Swan-Ganz catheter right (pulmonary artery)']],
  ['Endotracheal tube. Tip is 4 cm above the carina.', ['endotracheal tube right']],
  ['Endotracheal tube tip 8 mm above the carina.', ['endotracheal tube wrong']],
  ['Endotracheal tube tip 10 cm above the carina.', ['endotracheal tube wrong']],
  ['The ETT ends at the carina.', ['endotracheal tube wrong']],
  // Each device has its own place; words outweigh places.
  [
    'ET tube 5 cm above the carina, nasogastric tube in the esophagus.',
    ['endotracheal tube right', 'enteric tube wrong (esophagus)'],
  ],
  ['Port with tip in the right atrium, in satisfactory position.', ['port right (right atrium)']],
  ['Port tip in the right atrium should be retracted.', ['port wrong (right atrium)']],
  ['ET and NG tubes are in standard position.', ['endotracheal tube right', 'enteric tube right']],
  ['Enteric tube with side port above the gastroesophageal junction.', ['enteric tube wrong']],
  ['Chest tube with its side hole outside of the chest.', ['chest tube wrong']],
  ['The pacemaker lead is fractured.', ['pacemaker wrong']],
  ['Surgical clips in the right axilla.', ['surgical material']],
  // Absent and removed.
  ['No chest tube.', ['chest tube negative']],
  ['Interval removal of the left chest tube.', ['chest tube negative']],
  ['A pacemaker is seen.', ['pacemaker']],
])('%s', (text, expected) => {
  expect(devices(text)).toEqual(expected);
});
