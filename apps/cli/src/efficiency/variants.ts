/** What is compared: QLoRA over 4 bits, LoRA over float16, and full tuning of the same base (Dettmers et al. 2023, section 1). */

export const VARIANTS = ['qlora4', 'lora16', 'full'] as const;
export type Variant = (typeof VARIANTS)[number];

export const VARIANT_NAMES: Readonly<Record<Variant, string>> = {
  qlora4: 'QLoRA, base in 4 bits',
  lora16: 'LoRA, base in 16 bits',
  full: 'full tuning, float32',
};

/** What a variant's process is told. */
export interface VariantJob {
  readonly variant: Variant;
  readonly base: string;
  readonly data: string;
  /** Path of the recipe. */
  readonly recipe: string;
  readonly steps: number;
  /** Val studies that losses are taken on. */
  readonly studies: number;
  /** Share of the recipe's rate that full tuning takes. */
  readonly fullRate: number;
  readonly threads?: number;
}

export interface VariantProgress {
  readonly step: number;
  readonly loss: number;
}

export interface VariantResult {
  readonly variant: Variant;
  readonly trainable: number;
  /** Of all steps but the first, in which ONNX Runtime still allots. */
  readonly secondsPerStep: number;
  readonly tokensPerSecond: number;
  /** Opening the engine, and all steps. */
  readonly seconds: { readonly open: number; readonly steps: number };
  readonly peakMemoryBytes: number;
  /** Joules of the steps; the reasons say why there are none. */
  readonly energy: { readonly joules: number | null; readonly reasons: readonly string[] };
  readonly loss: { readonly before: number; readonly after: number };
  readonly rate: number;
}
