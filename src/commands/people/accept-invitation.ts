import { z } from 'zod';
import { address, tokenBy } from '../../domain/people/address.ts';
import { personName } from '../../domain/people/person.ts';
import { Rejection } from '../../domain/rejection.ts';
import { command } from '../../engine/command.ts';

/**
 * Takes an invitation by the token that was sent. The address counts as verified; a password that was given before that was so
 * is not let in. Who has a password keeps it. The same token again changes nothing while it would hold.
 */
export const acceptInvitation = command(address)({
  name: 'AcceptInvitation',
  input: z.object({
    addressId: z.string(),
    hash: z.string(),
    credentialId: z.string().optional(),
    name: personName.optional(),
  }),
  id: ({ addressId }) => addressId,
  decide: (state, { hash, credentialId, name }, { now }) => {
    if (tokenBy(state.taken, hash, now)?.kind === 'invitation') return [];
    const token = tokenBy(state.tokens, hash, now);
    if (token?.kind !== 'invitation' || token.projectId === undefined)
      throw new Rejection(
        'token-invalid',
        'The invitation was taken, is too old, or is not whole; ask for another one',
      );
    const at = now.toISOString();
    const { tokenId, projectId } = token;
    const accepted = { type: 'InvitationAccepted', data: { tokenId, projectId, at } } as const;
    if (!state.verified) {
      const given = { ...(credentialId !== undefined && { credentialId }), ...(name !== undefined && { name }) };
      return [{ type: 'AddressVerified', data: { tokenId, ...given, at } }, accepted];
    }
    if (state.credentialId !== undefined || credentialId === undefined) return [accepted];
    return [{ type: 'PasswordSet', data: { credentialId, tokenId, at } }, accepted];
  },
});
