import { z } from 'zod';
import { session } from '../../domain/people/session.ts';
import { command } from '../../engine/command.ts';

/** Ends a session, once. */
export const endSession = command(session)({
  name: 'EndSession',
  input: z.object({ sessionId: z.uuid() }),
  id: ({ sessionId }) => sessionId,
  decide: ({ start, ended }, _, { now }) =>
    start && !ended ? [{ type: 'SessionEnded', data: { reason: 'signed-out', at: now.toISOString() } }] : [],
});
