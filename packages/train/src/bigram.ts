/** For tests of the loop: a model that is exact, learns in a few steps, and needs no engine; and examples for it. */
import { Random } from '@llama-xr/core';
import type { Batch } from '@llama-xr/llama';
import type { Example } from './example.ts';
import type { Trainable } from './optimizer-step.ts';

/** A softmax over 8 tokens with a bigram table as its parameters: small, exact, and it learns. */
export class Bigram implements Trainable {
  readonly layout = [{ name: 'bigrams', shape: [8, 8], offset: 0, length: 64 }];
  readonly parameters = new Float32Array(64);
  readonly gradients = new Float32Array(64);

  async forwardBackward(batch: Batch, { accumulate = false } = {}): Promise<{ loss: number }> {
    if (!accumulate) this.gradients.fill(0);
    let loss = 0;
    for (let i = 0; i < batch.ids.length; i++) {
      const weight = batch.weights[i]!;
      if (weight === 0) continue;
      const row = batch.ids[i]! * 8;
      const logits = this.parameters.subarray(row, row + 8);
      const sum = logits.reduce((s, x) => s + Math.exp(x), 0);
      loss -= weight * Math.log(Math.exp(logits[batch.labels[i]!]!) / sum);
      for (let v = 0; v < 8; v++) {
        this.gradients[row + v]! += weight * (Math.exp(logits[v]!) / sum - (v === batch.labels[i] ? 1 : 0));
      }
    }
    return { loss };
  }

  async logProbabilities({ ids, labels, weights }: Batch): Promise<Float32Array> {
    return Float32Array.from(ids, (id, i) => {
      if (weights[i] === 0) return 0;
      const logits = this.parameters.subarray(id * 8, id * 8 + 8);
      return logits[labels[i]!]! - Math.log(logits.reduce((sum, x) => sum + Math.exp(x), 0));
    });
  }

  async loss(batch: Batch): Promise<number> {
    const before = this.gradients.slice();
    const { loss } = await this.forwardBackward(batch);
    this.gradients.set(before);
    return loss;
  }
}

/** Counting texts over 8 tokens. */
export function countingExamples(count: number): Example[] {
  const random = new Random(5);
  return Array.from({ length: count }, (_, i) => {
    const start = random.int(8);
    return {
      id: `s${i}`,
      tokens: Int32Array.from({ length: 4 + random.int(6) }, (_, j) => (start + j) % 8),
      lossFrom: 2,
    };
  });
}
