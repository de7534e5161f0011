/** A layer's backward pass as a graph of its own, for steps that go layer by layer. */
import { type Answer, f32, input, kept, pullback, type Session, type Value } from '@llama-xr/onnx';
import type { AdapterShape } from './adapter-shape.ts';
import { type LayerKind, layerInputs } from './base-inputs.ts';
import { layer, sequenceInputs, TOKENS } from './layer.ts';
import type { LlamaConfig } from './weights-type.ts';

/**
 * Graph: a layer backward, from its input and the gradient of its output.
 * @param given what the forward pass kept is an input, instead of being computed again.
 */
export function backwardLayer(config: LlamaConfig, kind: LayerKind, adapter: AdapterShape, given = false) {
  const x = input('x', f32, [TOKENS, config.width]);
  const dy = input('dy', f32, [TOKENS, config.width]);
  const weights = layerInputs(config, kind, adapter);
  const keep = (name: string, value: Value) =>
    given ? kept(value, input(`kept.${name}`, value.type, value.shape)) : value;
  const y = layer(x, weights, sequenceInputs(config), config, { ...adapter, keep });
  const names = Object.keys(weights.adapter ?? {});
  const [dx, ...rest] = pullback([[y, dy]], [x, ...Object.values(weights.adapter ?? {})]);
  const gradients: Record<string, Value> = {};
  names.forEach((name, i) => {
    gradients[name] = rest[i] as Value;
  });
  return { dx: dx as Value, gradients };
}

export type BackwardSession = Session<Answer<ReturnType<typeof backwardLayer>>>;
