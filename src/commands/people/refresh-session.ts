import { z } from 'zod';
import { goesOn, session } from '../../domain/people/session.ts';
import { command } from '../../engine/command.ts';

/** Lets a session go on by the token of a generation: the one in force has its successor, and one that was used ends the session. */
export const refreshSession = command(session)({
  name: 'RefreshSession',
  input: z.object({ sessionId: z.uuid(), generation: z.number().int().min(0) }),
  id: ({ sessionId }) => sessionId,
  decide: (state, { generation }, { now }) => {
    if (!goesOn(state, now) || generation > state.generation) return [];
    const at = now.toISOString();
    return generation === state.generation
      ? [{ type: 'SessionRefreshed', data: { generation: generation + 1, at } }]
      : [{ type: 'SessionEnded', data: { reason: 'reused', at } }];
  },
});
