import { expect } from 'vitest';
import type { Command } from '../../src/engine/command.ts';
import type { Event } from '../../src/domain/event.ts';
import { eventSchemas } from '../../src/domain/events.ts';
import { Rejection } from '../../src/domain/rejection.ts';
import type { RejectionCode } from '../../src/domain/rejection.ts';
import { noon } from './noon.ts';

/** A fact exactly as it is stored must fit its schema, with nothing in it that the schema does not know. */
export const mustFit = ({ type, data }: Event): void => {
  const known: Readonly<Record<string, (typeof eventSchemas)[keyof typeof eventSchemas]>> = eventSchemas;
  const stored: unknown = JSON.parse(JSON.stringify(data));
  expect(known[type]?.parse(stored)).toEqual(stored);
};

type FactsOf<F, E> = F extends readonly E[] ? unknown : 'These facts are of another aggregate than the command';

/**
 * What a command decides after some facts. Facts given and facts decided are checked against their schemas, the input
 * against the command's. `now` is `noon` by default.
 */
export const given = <F extends readonly Event[]>(...facts: F) => ({
  when: <I, S, E extends Event>(
    { aggregate, input: schema, decide, decideAndFold }: Command<I, S, E> & FactsOf<F, E>,
    input: NoInfer<I>,
    { now = noon }: { readonly now?: Date } = {},
  ) => {
    const decided = (): readonly E[] => {
      facts.forEach(mustFit);
      schema.parse(input);
      const state = (facts as readonly Event[] as readonly E[]).reduce(aggregate.evolve, aggregate.initial);
      const decision = decide(state, input, { now });
      decision.forEach(mustFit);
      const handedOn = decideAndFold?.(state, input, { now }).state;
      if (handedOn !== undefined) expect(handedOn).toEqual(decision.reduce(aggregate.evolve, state));
      return decision;
    };
    return {
      /** Exactly these facts, in this order. */
      then: (...expected: readonly NoInfer<E>[]): void => expect(decided()).toEqual(expected),
      /** The decided facts themselves, for a test that looks at a part of them. */
      facts: decided,
      rejects: (code: RejectionCode): void => {
        let thrown: unknown;
        try {
          decided();
        } catch (error) {
          thrown = error;
        }
        expect(thrown, `to be rejected with ${code}`).toBeInstanceOf(Rejection);
        expect(thrown).toMatchObject({ code });
      },
    };
  },
});
