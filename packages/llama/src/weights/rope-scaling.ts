/**
 * Llama 3.1's stretched rotary frequencies: short wavelengths stay, long ones are divided by a factor, those between
 * are interpolated (Llama 3.1 model card; `_compute_llama3_parameters` of transformers; `rope_freqs.weight` of GGUF).
 */
import type { Llama3RopeScaling } from '../model/weights-type.ts';

/**
 * The factor that divides each rotary frequency. Computed in float64; the reference, in float32, differs by 1e-6.
 * @returns [D / 2], from 1 to `factor`
 */
export function llama3RopeFactors(
  headSize: number,
  ropeBase: number,
  scaling: Llama3RopeScaling,
): Float32Array {
  const { factor, lowFrequencyFactor, highFrequencyFactor, originalContextLength } = scaling;
  return Float32Array.from({ length: headSize / 2 }, (_, i) => {
    const wavelength = 2 * Math.PI * ropeBase ** ((2 * i) / headSize);
    const turns = originalContextLength / wavelength;
    if (turns > highFrequencyFactor) return 1;
    if (turns < lowFrequencyFactor) return factor;
    const smooth = (turns - lowFrequencyFactor) / (highFrequencyFactor - lowFrequencyFactor);
    return 1 / ((1 - smooth) / factor + smooth);
  });
}
