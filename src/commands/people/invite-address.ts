import { z } from 'zod';
import { address } from '../../domain/people/address.ts';
import { mailAsked } from '../../domain/people/mailing.ts';
import { command } from '../../engine/command.ts';

/** Has the person of an address invited to a project; it is somebody's from then on. */
export const inviteAddress = command(address)({
  name: 'InviteAddress',
  input: z.object({
    addressId: z.string(),
    email: z.string(),
    personId: z.string(),
    mailId: z.string(),
    hash: z.string(),
    projectId: z.string(),
  }),
  id: ({ addressId }) => addressId,
  decide: (state, { email, personId, mailId, hash, projectId }, { now }) => {
    const mail = mailAsked(state, 'invitation', { mailId, hash, projectId }, now);
    if (state.personId !== undefined) return mail;
    return [{ type: 'AddressTaken', data: { email, personId, at: now.toISOString() } }, ...mail];
  },
});
