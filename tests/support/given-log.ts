import { expect } from 'vitest';
import type { Event } from '../../src/domain/event.ts';
import type { LeadfoldEvent } from '../../src/domain/events.ts';
import { empty, withRecorded } from '../../src/engine/folded.ts';
import type { Recorded } from '../../src/eventstore/event-store.ts';
import { wanting } from '../../src/eventstore/event-store.ts';
import type { Reaction, Reactor, ReactorContext } from '../../src/reactors/reactor.ts';
import { filterOf, reactionsTo } from '../../src/reactors/reactor.ts';
import { mustFit } from './given.ts';
import { noon } from './noon.ts';

type Log = Readonly<Record<string, readonly LeadfoldEvent[]>>;

/** The id of the fact of a stream that has a revision. */
export const idIn = (stream: string, revision: number): string => `${stream.replaceAll('.', '-')}-${revision}`;

const recorded = (log: Log): ReadonlyMap<string, readonly Recorded[]> => {
  let position = 0;
  const metadata = { commandId: 'c', correlationId: 'c', causationId: 'c', actor: 'key:k1' };
  const facts = Object.entries(log).map(([stream, events]) => {
    const own = events.map((event, revision): Recorded => {
      position += 1;
      return { ...event, id: idIn(stream, revision), stream, revision, position, recordedAt: noon, metadata };
    });
    return [stream, own] as const;
  });
  return new Map(facts);
};

/** The streams as any aggregate's. */
const contextOf = (streams: ReadonlyMap<string, readonly unknown[]>): ReactorContext => {
  const folded: ReactorContext['get'] = (aggregate, id) => {
    const facts = streams.get(`${aggregate.name}-${id}`) ?? [];
    return withRecorded(aggregate, empty(aggregate), [facts as readonly Recorded<never>[]]);
  };
  return {
    get: folded,
    known: () => undefined,
    refresh: folded,
    read: async <E extends Event>(stream: string, after: number, limit: number) =>
      (streams.get(stream) ?? []).slice(after + 1, after + 1 + limit) as readonly Recorded<E>[],
  };
};

/** What is wanted must be something that its command accepts. */
const mustBeAccepted = (reaction: Reaction): void => {
  if ('command' in reaction) reaction.command.input.parse(reaction.input);
};

/**
 * Facts in streams, each checked against its schema, and what a reactor wants when it sees the last one of a stream, or the one
 * with a revision: nothing, where it does not follow that.
 */
export const givenLog = (log: Log) => ({
  when: (reactor: Reactor, stream: string, revision = (log[stream]?.length ?? 0) - 1) => {
    const reactions = async (): Promise<readonly Reaction[]> => {
      const streams = recorded(log);
      for (const facts of streams.values()) facts.forEach(mustFit);
      const fact = streams.get(stream)?.[revision];
      if (!fact) throw new Error(`There is no fact ${revision} in ${stream}`);
      if (!wanting(filterOf(reactor))(fact)) return [];
      const wanted = await reactionsTo(reactor, fact, contextOf(streams));
      wanted.forEach(mustBeAccepted);
      return wanted;
    };
    return {
      /** Exactly this is wanted, in this order. */
      then: async (...expected: readonly Reaction[]): Promise<void> => expect(await reactions()).toEqual(expected),
      /** What is wanted itself, for a test that looks at a part of it. */
      reactions,
    };
  },
});
