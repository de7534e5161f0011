/**
 * Who is trained on and who is held out, by patient. The hash split needs no list and is stable: a patient's part does
 * not change when others are added.
 */
import { createHash } from 'node:crypto';
import type { Split } from './study.ts';

/** Shares of patients; what remains is test. */
const TRAIN_SHARE = 0.8;
const VAL_SHARE = 0.1;

/** Train, val or test (80 / 10 / 10) by a hash of seed and patient. */
export function hashSplit(patient: string, seed: number): Split {
  const digest = createHash('sha256').update(`${seed}\u0000${patient}`).digest();
  const share = digest.readUInt32BE(0) / 2 ** 32;
  if (share < TRAIN_SHARE) return 'train';
  return share < TRAIN_SHARE + VAL_SHARE ? 'val' : 'test';
}
