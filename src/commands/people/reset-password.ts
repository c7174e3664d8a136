import { z } from 'zod';
import { address, tokenBy } from '../../domain/people/address.ts';
import { mailRequested } from '../../domain/people/mailing.ts';
import { Rejection } from '../../domain/rejection.ts';
import { command } from '../../engine/command.ts';

/** Puts another password in force by the token that was sent for it. Who could read that mail has the address. */
export const resetPassword = command(address)({
  name: 'ResetPassword',
  input: z.object({ addressId: z.string(), hash: z.string(), credentialId: z.string(), mailId: z.string() }),
  id: ({ addressId }) => addressId,
  decide: (state, { hash, credentialId, mailId }, { now }) => {
    const token = tokenBy(state.tokens, hash, now);
    if (token?.kind !== 'reset')
      throw new Rejection('token-invalid', 'The link was used, is too old, or is not whole; ask for another one');
    const data = { tokenId: token.tokenId, credentialId, at: now.toISOString() };
    const mail = mailRequested(state, 'password-changed', { mailId }, now);
    return state.verified ? [{ type: 'PasswordSet', data }, ...mail] : [{ type: 'AddressVerified', data }, ...mail];
  },
});
