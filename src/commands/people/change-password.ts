import { z } from 'zod';
import { address } from '../../domain/people/address.ts';
import { mailRequested } from '../../domain/people/mailing.ts';
import { Rejection } from '../../domain/rejection.ts';
import { command } from '../../engine/command.ts';

/** Puts another password in the place of the one that was shown. The session that asks goes on. */
export const changePassword = command(address)({
  name: 'ChangePassword',
  input: z.object({
    addressId: z.string(),
    /** The credential that was in force when the password was looked at. */
    proved: z.string(),
    credentialId: z.string(),
    sessionId: z.string(),
    mailId: z.string(),
  }),
  id: ({ addressId }) => addressId,
  decide: (state, { proved, credentialId, sessionId, mailId }, { now }) => {
    if (state.credentialId !== proved)
      throw new Rejection('credentials-invalid', 'The password was changed meanwhile; sign in again');
    const data = { credentialId, spares: sessionId, at: now.toISOString() };
    return [{ type: 'PasswordSet', data }, ...mailRequested(state, 'password-changed', { mailId }, now)];
  },
});
