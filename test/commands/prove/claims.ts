import { fact, type Claim } from '../../../pipeline/claims/claim.ts';

/** A claim that is proven, but for what `own` says. */
export function claim(own: Partial<Claim> & { name: string }): Claim {
  return {
    promise: ({ image }) => `${image} floats.`,
    tried: 'by looking',
    scenario: 'first',
    order: 'alone',
    applies: () => true,
    prepare: null,
    damage: null,
    prove: async () => [fact(true, 'it does')],
    ...own,
  };
}
