/** What the API server asks of the webhook. */
export const REVIEWS = ['mutate', 'validate', 'convert'] as const;
export type Review = (typeof REVIEWS)[number];

/** The path of each, for a Function. */
export const PATH: Record<Review, string> = {
  mutate: '/mutate-core-openfunction-io-v1beta2-function',
  validate: '/validate-core-openfunction-io-v1beta2-function',
  convert: '/convert',
};
