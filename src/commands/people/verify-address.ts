import { z } from 'zod';
import { address, tokenBy } from '../../domain/people/address.ts';
import { Rejection } from '../../domain/rejection.ts';
import { command } from '../../engine/command.ts';

/** Verifies an address by the token that was sent there. The same token again changes nothing while it would hold. */
export const verifyAddress = command(address)({
  name: 'VerifyAddress',
  input: z.object({ addressId: z.string(), hash: z.string() }),
  id: ({ addressId }) => addressId,
  decide: (state, { hash }, { now }) => {
    const [token, taken] = [tokenBy(state.tokens, hash, now), tokenBy(state.taken, hash, now)];
    if (taken?.kind === 'verification') return [];
    if (token?.kind !== 'verification')
      throw new Rejection('token-invalid', 'The link was used, is too old, or is not whole; ask for another one');
    const { tokenId, name, withPassword } = token;
    const given = { ...(withPassword && { credentialId: tokenId }), ...(name !== undefined && { name }) };
    return [{ type: 'AddressVerified', data: { tokenId, ...given, at: now.toISOString() } }];
  },
});
