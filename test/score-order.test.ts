/** What the two packages that may not import each other both list: the encoder's 18 outputs, in one order. */
import { expect, test } from 'vitest';
import { XRV_LABELS } from '../packages/reports/src/index.ts';
import { PATHOLOGIES } from '../packages/vision/src/index.ts';

test('the prompt names the scores in the order in which the encoder gives them', () => {
  expect(XRV_LABELS).toEqual(PATHOLOGIES);
});
