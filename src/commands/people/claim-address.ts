import { z } from 'zod';
import { address } from '../../domain/people/address.ts';
import { command } from '../../engine/command.ts';

/** Makes an address somebody's, if it is nobody's. */
export const claimAddress = command(address)({
  name: 'ClaimAddress',
  input: z.object({ addressId: z.string(), email: z.string(), personId: z.string() }),
  id: ({ addressId }) => addressId,
  decide: (state, { email, personId }, { now }) =>
    state.personId === undefined ? [{ type: 'AddressTaken', data: { email, personId, at: now.toISOString() } }] : [],
});
