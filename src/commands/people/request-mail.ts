import { z } from 'zod';
import { address } from '../../domain/people/address.ts';
import { mailRequested } from '../../domain/people/mailing.ts';
import { command } from '../../engine/command.ts';

/** Has a mail sent by which an address is verified, unless it is, or its password set anew. Nothing where it is nobody's. */
export const requestMail = command(address)({
  name: 'RequestMail',
  input: z.object({
    addressId: z.string(),
    kind: z.enum(['verification', 'reset']),
    mailId: z.string(),
    hash: z.string(),
  }),
  id: ({ addressId }) => addressId,
  decide: (state, { kind, mailId, hash }, { now }) => {
    if (state.personId === undefined || (kind === 'verification' && state.verified)) return [];
    return mailRequested(state, kind, { mailId, hash }, now);
  },
});
