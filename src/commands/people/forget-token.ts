import { z } from 'zod';
import { address } from '../../domain/people/address.ts';
import { command } from '../../engine/command.ts';

/** Says that the vault has no password any more of a registration that was not verified, or was by another mail. */
export const forgetToken = command(address)({
  name: 'ForgetToken',
  input: z.object({ addressId: z.string(), tokenId: z.string() }),
  id: ({ addressId }) => addressId,
  decide: (state, { tokenId }) =>
    state.withPassword.includes(tokenId) ? [{ type: 'TokenForgotten', data: { tokenId } }] : [],
});
