import { z } from 'zod';
import { address } from '../../domain/people/address.ts';
import { command } from '../../engine/command.ts';

/** Ends all sessions of the person who has an address. */
export const endSessions = command(address)({
  name: 'EndSessions',
  input: z.object({ addressId: z.string() }),
  id: ({ addressId }) => addressId,
  decide: ({ personId }, _, { now }) =>
    personId === undefined ? [] : [{ type: 'SessionsEnded', data: { at: now.toISOString() } }],
});
