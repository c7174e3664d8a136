import { z } from 'zod';
import { mailOutcomes } from '../../domain/people/address-events.ts';
import { address } from '../../domain/people/address.ts';
import { command } from '../../engine/command.ts';

/** Says what became of a mail; nothing of one of which that is known. */
export const settleMail = command(address)({
  name: 'SettleMail',
  input: z.object({ addressId: z.string(), mailId: z.string(), outcome: z.enum(mailOutcomes) }),
  id: ({ addressId }) => addressId,
  decide: (state, { mailId, outcome }, { now }) =>
    state.promised.some((mail) => mail.mailId === mailId)
      ? [{ type: 'MailSettled', data: { mailId, outcome, at: now.toISOString() } }]
      : [],
});
