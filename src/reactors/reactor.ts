import type { Aggregate, Event } from '../domain/event.ts';
import type { LeadfoldEvent } from '../domain/events.ts';
import type { FailedEvent } from '../domain/jobs/dead-letter.ts';
import type { States } from '../engine/states.ts';
import type { Filter, Recorded } from '../eventstore/event-store.ts';
import type { Intent } from '../flows/intent.ts';

type Type = LeadfoldEvent['type'];

/** A fact of a type, as it was recorded. */
export type Fact<T extends Type> = Recorded<Extract<LeadfoldEvent, { type: T }>>;

/** What a reactor may look at before it knows what it wants: streams, and what they add up to. */
export type ReactorContext = Pick<States, 'get' | 'known' | 'refresh' | 'read'>;

/** Wants that what follows from a fact by another reactor is done again, and the dead letter that is about it settled. */
export type Retry = {
  readonly retry: {
    readonly projectId: string;
    readonly workId: string;
    readonly reactor: string;
    readonly event: FailedEvent;
  };
};

export type Reaction = Intent | Retry;

/** What is wanted after a fact, at once or after a look. */
export type Reactions = readonly Reaction[] | Promise<readonly Reaction[]>;

/**
 * What follows from facts in streams with these beginnings of their names: for each type of fact a function to what is wanted
 * then. The same fact again must lead to the same intents, or to ones that then change nothing.
 */
export type Reactor = {
  readonly name: string;
  readonly streams: readonly string[];
  /** Whether what follows is wanted as soon as can be, although its facts are rare among others. */
  readonly prompt?: boolean;
  /** What follows from a fact does what follows from those before it in its stream as well: of those in hand only the last is followed. */
  readonly onlyLast?: boolean;
  readonly on: { readonly [T in Type]?: (event: Fact<T>, context: ReactorContext) => Reactions };
};

/** The facts that a reactor follows. */
export const filterOf = ({ streams, on }: Reactor): Required<Filter> => ({ streams, types: Object.keys(on) });

/** The name of a reactor's checkpoint. */
export const checkpointOf = ({ name }: Pick<Reactor, 'name'>): string => `reactor:${name}`;

// Method syntax, so that what follows from Leadfold's facts takes what the log gives: the store has checked their shapes.
type Reacting = { react(event: Recorded, context: ReactorContext): Reactions }['react'];

/** What a reactor wants after a fact; nothing after one that it does not follow. */
export const reactionsTo = ({ on }: Reactor, event: Recorded, context: ReactorContext): Reactions => {
  const handlers: Readonly<Record<string, Reacting | undefined>> = on;
  return handlers[event.type]?.(event, context) ?? [];
};

/** What is wanted by the state of a stream, which may lag behind the store: at once when that is remembered, as it mostly is. */
export const byState = <S, E extends Event>(
  { known, get }: Pick<ReactorContext, 'known' | 'get'>,
  aggregate: Aggregate<S, E>,
  id: string,
  react: (state: S, revision: number) => Reactions,
): Reactions => {
  const folded = known(aggregate, id);
  if (folded) return react(folded.state, folded.revision);
  return get(aggregate, id).then(({ state, revision }) => react(state, revision));
};
