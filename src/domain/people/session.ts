import { z } from 'zod';
import type { Aggregate, EventsOf } from '../event.ts';
import { unchanged } from '../event.ts';
import { isoTime } from '../lead/activity.ts';

const day = 24 * 3_600_000;

/** For how long sessions last, in ms: without being refreshed, and in all; those of the console, which are not refreshed. */
export const sessionLimits = { idle: 30 * day, inAll: 180 * day, console: 7 * day } as const;

/** By what a session is shown: tokens of which one is refreshed, a cookie, or a cookie that stands for a key. */
export const sessionKinds = ['tokens', 'console', 'key'] as const;

/** Why a session ended: its person ended it, or a token of it that was used came again. */
export const endReasons = ['signed-out', 'reused'] as const;

/**
 * The facts of a session, `session-<sessionId>`. `epoch` is that of the address when it began: sessions of former epochs are
 * over without a fact of their own. Of a cookie only the hash is recorded. Shapes are forever.
 */
export const sessionEvents = {
  SessionStarted: z
    .strictObject({
      kind: z.enum(sessionKinds),
      at: isoTime,
      personId: z.string().optional(),
      addressId: z.string().optional(),
      epoch: z.number().int().min(0).optional(),
      /** SHA-256 of the cookie, hexadecimal. */
      hash: z.string().optional(),
    })
    .describe('A person signed in, or the console was opened with a key.'),
  SessionRefreshed: z
    .strictObject({ generation: z.number().int().min(1), at: isoTime })
    .describe('A session goes on with another token; all before it are used.'),
  SessionEnded: z.strictObject({ reason: z.enum(endReasons), at: isoTime }).describe('A session is over.'),
} as const;
export type SessionEvent = EventsOf<typeof sessionEvents>;
export type SessionStart = Extract<SessionEvent, { type: 'SessionStarted' }>['data'];

/** A session, which is none before it starts. `generation` is that of the token that is good now. */
export type SessionState = {
  readonly start: SessionStart | undefined;
  readonly generation: number;
  readonly usedAt: string;
  readonly ended: boolean;
};

const evolve = (state: SessionState, event: SessionEvent): SessionState => {
  switch (event.type) {
    case 'SessionStarted':
      return state.start ? state : { ...state, start: event.data, usedAt: event.data.at };
    case 'SessionRefreshed':
      return { ...state, generation: event.data.generation, usedAt: event.data.at };
    case 'SessionEnded':
      return { ...state, ended: true };
    default:
      return unchanged(state, event);
  }
};

export const session: Aggregate<SessionState, SessionEvent> = {
  name: 'session',
  initial: { start: undefined, generation: 0, usedAt: '', ended: false },
  evolve,
  measure: () => 900,
};

/** Whether a session goes on at a time, as far as its own stream tells. */
export const goesOn = ({ start, usedAt, ended }: SessionState, now: Date): boolean => {
  if (!start || ended) return false;
  const age = now.getTime() - Date.parse(start.at);
  if (start.kind !== 'tokens') return age < sessionLimits.console;
  return age < sessionLimits.inAll && now.getTime() - Date.parse(usedAt) < sessionLimits.idle;
};
