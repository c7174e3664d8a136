import { z } from 'zod';
import { address } from '../../domain/people/address.ts';
import { mailAsked } from '../../domain/people/mailing.ts';
import { personName } from '../../domain/people/person.ts';
import { command } from '../../engine/command.ts';

/**
 * Has somebody asked to verify an address, with the password that they give. Who has it already is told that somebody tried.
 * Either is one fact more, so that from outside they look the same.
 */
export const registerAddress = command(address)({
  name: 'RegisterAddress',
  input: z.object({
    addressId: z.string(),
    email: z.string(),
    personId: z.string(),
    mailId: z.string(),
    hash: z.string(),
    name: personName.optional(),
  }),
  id: ({ addressId }) => addressId,
  decide: (state, { email, personId, mailId, hash, name }, { now }) => {
    const kind = state.verified ? 'already-registered' : 'verification';
    const token = state.verified ? {} : { hash, ...(name !== undefined && { name }) };
    const mail = mailAsked(state, kind, { mailId, withPassword: true, ...token }, now);
    if (state.personId !== undefined || mail.length === 0) return mail;
    return [{ type: 'AddressTaken', data: { email, personId, at: now.toISOString() } }, ...mail];
  },
});
