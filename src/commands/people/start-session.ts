import { z } from 'zod';
import { session, sessionKinds } from '../../domain/people/session.ts';
import { command } from '../../engine/command.ts';

/** Begins a session of a person, or one of the console that stands for a key. */
export const startSession = command(session)({
  name: 'StartSession',
  input: z.object({
    sessionId: z.uuid(),
    kind: z.enum(sessionKinds),
    personId: z.string().optional(),
    addressId: z.string().optional(),
    epoch: z.number().optional(),
    hash: z.string().optional(),
  }),
  id: ({ sessionId }) => sessionId,
  decide: ({ start }, { sessionId: _, ...given }, { now }) =>
    start ? [] : [{ type: 'SessionStarted', data: { ...given, at: now.toISOString() } }],
});
