import { expect, test } from 'vitest';
import { AdamW, clipFactor, globalNorm } from './adamw.ts';

/** Steps of torch.optim.AdamW with clip_grad_norm_(1.0), torch 2.13.0: reference/adamw.py. */
const TORCH = [
  { norm: 2.915213737, parameters: [0.945000001, -1.940000009, 2.935000001, 0.447500001] },
  { norm: 2.974224507, parameters: [0.890269113, -1.885428968, 2.87032858, 0.395252681] },
  { norm: 1.893586384, parameters: [0.836929704, -1.840547999, 2.805952086, 0.346053815] },
  { norm: 1.919737514, parameters: [0.800451467, -1.79341133, 2.744830199, 0.324248488] },
  { norm: 2.135736754, parameters: [0.779827903, -1.742956166, 2.687487807, 0.32183308] },
];

test('five clipped steps equal torch.optim.AdamW', () => {
  const parameters = Float32Array.of(1, -2, 3, 0.5);
  const optimizer = new AdamW(4, { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1 });
  for (const [i, expected] of TORCH.entries()) {
    const gradients = parameters.map((p) => 0.5 * p + Math.sin(i + 1));
    const norm = globalNorm(gradients);
    expect(norm).toBeCloseTo(expected.norm, 5);
    optimizer.step(parameters, gradients, 0.05, clipFactor(norm, 1));
    for (const [j, p] of expected.parameters.entries()) expect(parameters[j]).toBeCloseTo(p, 5);
  }
});
