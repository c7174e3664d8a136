import { describe, expect, it } from 'vitest';
import { endSession } from '../../../src/commands/people/end-session.ts';
import { refreshSession } from '../../../src/commands/people/refresh-session.ts';
import { startSession } from '../../../src/commands/people/start-session.ts';
import { session, sessionLimits } from '../../../src/domain/people/session.ts';
import { given } from '../../support/given.ts';
import { noon } from '../../support/noon.ts';

const sessionId = '019c0f6e-8a4b-7000-8e1f-3a5b7c9d1e32';
const at = noon.toISOString();
const start = { kind: 'tokens', personId: 'ada', addressId: 'a1', epoch: 1, at } as const;
const started = { type: 'SessionStarted', data: start } as const;
const refreshed = (generation: number) => ({ type: 'SessionRefreshed', data: { generation, at } }) as const;
const ended = (reason: 'signed-out' | 'reused') => ({ type: 'SessionEnded', data: { reason, at } }) as const;
const after = (ms: number) => ({ now: new Date(noon.getTime() + ms) });

describe('A session', () => {
  it('begins once', () => {
    const { at: _, ...asked } = start;
    given()
      .when(startSession, { sessionId, ...asked })
      .then(started);
    given(started)
      .when(startSession, { sessionId, ...asked, personId: 'eve' })
      .then();
  });

  it('goes on by the token of its generation, and ends by one that was used', () => {
    given(started).when(refreshSession, { sessionId, generation: 0 }).then(refreshed(1));
    given(started, refreshed(1)).when(refreshSession, { sessionId, generation: 1 }).then(refreshed(2));
    given(started, refreshed(1)).when(refreshSession, { sessionId, generation: 0 }).then(ended('reused'));
    given(started).when(refreshSession, { sessionId, generation: 1 }).then();
  });

  it('does not go on when it is over, was not used for long, or is very old', () => {
    const next = { sessionId, generation: 0 };
    given(started, ended('signed-out')).when(refreshSession, next).then();
    given(started, ended('reused')).when(refreshSession, next).then();
    given().when(refreshSession, next).then();
    given(started).when(refreshSession, next, after(sessionLimits.idle)).then();
    expect(
      given(started)
        .when(refreshSession, next, after(sessionLimits.idle - 1))
        .facts(),
    ).toHaveLength(1);
    const late = {
      type: 'SessionRefreshed',
      data: { generation: 1, at: after(sessionLimits.inAll).now.toISOString() },
    } as const;
    given(started, late).when(refreshSession, { sessionId, generation: 1 }, after(sessionLimits.inAll)).then();
  });

  it('ends once', () => {
    given(started).when(endSession, { sessionId }).then(ended('signed-out'));
    given(started, ended('reused')).when(endSession, { sessionId }).then();
    given().when(endSession, { sessionId }).then();
  });

  it('takes no other beginning', () => {
    const state = [started, { ...started, data: { ...start, personId: 'eve' } }].reduce(
      session.evolve,
      session.initial,
    );
    expect(state.start?.personId).toBe('ada');
  });
});
