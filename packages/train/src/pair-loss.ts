/**
 * Losses of pairs: an example is to be likelier than its rival. With d how much likelier it is, and log p taken over the tokens of
 * the response:
 *
 *   contrast     d = (log p(y | x) - log p(y | x')) / |y|           the rival is the same report y behind another study's prompt x'
 *                hinge     max(0, margin - d)                        (the ranking loss of image-text matching: Faghri et al.,
 *                logistic  log(1 + exp(margin - d))                   "VSE++", arXiv 1707.05612; its soft form)
 *   preference   d = (log p(y | x) - log p(y' | x)) - the same at the beginning   the rival is another report y' behind the same prompt
 *                -log sigmoid(beta d)                                (DPO: Rafailov et al., arXiv 2305.18290, eq. 7)
 *
 * A loss of log probabilities alone: its gradient is the pair's slope times the gradient of the likelihoods, so that a
 * step is a look at log p, and then one weighted step of the usual kind.
 */

export const PAIR_FORMS = ['hinge', 'logistic'] as const;
export type PairForm = (typeof PAIR_FORMS)[number];

/** A pair's loss, and its derivative in the difference d: never above 0. */
export interface PairValue {
  readonly loss: number;
  readonly slope: number;
}

/** @param difference d in nats a token @param margin in nats a token */
export function contrastLoss(difference: number, margin: number, form: PairForm): PairValue {
  const short = margin - difference;
  if (form === 'hinge') return { loss: Math.max(0, short), slope: short > 0 ? -1 : 0 };
  return { loss: softplus(short), slope: -sigmoid(short) };
}

/** @param difference d in nats, what it was at the beginning taken off */
export function preferenceLoss(difference: number, beta: number): PairValue {
  return { loss: softplus(-beta * difference), slope: -beta * sigmoid(-beta * difference) };
}

/** log(1 + exp x), without overflow. */
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

const sigmoid = (x: number): number => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));
