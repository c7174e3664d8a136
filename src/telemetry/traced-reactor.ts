import type { Recorded } from '../eventstore/event-store.ts';
import type { Tracing } from './tracing.ts';
import { inSpan } from './tracing.ts';

/** How a reactor follows a fact: it says what it wants then, and each of that is done. */
export type Following<R> = {
  readonly name: string;
  readonly react: () => readonly R[] | Promise<readonly R[]>;
  readonly act: (reaction: R, index: number) => Promise<unknown>;
};

const traced = async <R>(tracing: Tracing, event: Recorded, { name, react, act }: Following<R>): Promise<void> => {
  const { traceparent: parent } = event.metadata;
  const begin = { ...(parent === undefined ? { root: true } : { parent }), kind: 'consumer' } as const;
  const attributes = { 'leadfold.stream': event.stream, 'leadfold.event': event.type };
  const { reactions, from } = await inSpan(tracing, `react ${name}`, { ...begin, attributes }, async (span) => {
    const wanted = await react();
    return { reactions: wanted, from: span === undefined ? {} : { parent: span.traceparent } };
  });
  for (const [index, reaction] of reactions.entries())
    await inSpan(tracing, `intent ${name}`, from, () => act(reaction, index));
};

const untraced = async <R>(
  reactions: Promise<readonly R[]> | readonly R[],
  act: Following<R>['act'],
): Promise<void> => {
  for (const [index, reaction] of (await reactions).entries()) await act(reaction, index);
};

/**
 * Follows a fact, with a span for what is decided and one for each thing that is done. They are of the trace in which the fact was
 * appended, so that one trace runs from the request through the log to what followed from it. Undefined when nothing follows,
 * which is known at once of most facts. Throws what `react` throws.
 */
export const tracedFollowing = <R>(
  tracing: Tracing | undefined,
  event: Recorded,
  following: Following<R>,
): Promise<void> | undefined => {
  if (tracing) return traced(tracing, event, following);
  const reactions = following.react();
  return 'length' in reactions && reactions.length === 0 ? undefined : untraced(reactions, following.act);
};
