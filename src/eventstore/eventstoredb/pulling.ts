import { eventTypeFilter, streamNameFilter } from '@eventstore/db-client';
import type { AllStreamResolvedEvent, AllStreamSubscription } from '@eventstore/db-client';
import type { Recorded } from '../event-store.ts';
import { StoreUnavailable } from '../event-store.ts';
import { explained, placeOf, recorded } from './client.ts';
import type { Connection } from './client.ts';
import { pageRoom } from '../page.ts';

/** How many events wait in the client, on each side of it, besides the page that waits here: it does not count their bytes. */
const AHEAD = 32;
/** After how many events that are not wanted the server says how far it has looked, and how many we look through ourselves. */
export const WINDOW = 500;

/** A call to wake up that is not lost when nobody waits for it. */
export function alarm() {
  let rung = false;
  let wake = (): void => undefined;
  const ring = (): void => {
    rung = true;
    wake();
  };
  /** Whether it rang since it was last heard, or does so in a time, in ms; without one it waits until it rings. */
  const heard = (milliseconds?: number): Promise<boolean> =>
    new Promise((resolve) => {
      const done = (result: boolean): void => {
        clearTimeout(timer);
        wake = () => undefined;
        rung = false;
        resolve(result);
      };
      const timer = milliseconds === undefined ? undefined : setTimeout(done, milliseconds, false);
      wake = () => done(true);
      if (rung) wake();
    });
  return { ring, heard };
}

/** Streams by the beginnings of their names, and types of events there, or all. */
export type Sought = { readonly streams: readonly string[]; readonly types?: readonly string[] };

type Looking = Omit<Parameters<typeof streamNameFilter>[0], 'prefixes' | 'regex'>;

// The server looks at either. Types are the rarer; that an event is in one of the streams is looked at here.
const filterFor = ({ streams, types }: Sought, looking: Looking) =>
  types
    ? eventTypeFilter({ ...looking, prefixes: [...types] })
    : streamNameFilter({ ...looking, prefixes: [...streams] });

/**
 * A subscription to pull from, to the whole log or to what is sought there. It rings when there is
 * something to take, and tells of errors and of its end, which is a failure too, when nothing is left.
 */
export function pulled(
  { client, where, closing, liveness }: Connection,
  from: number,
  ring: () => void,
  sought?: Sought,
) {
  let checkpoints: readonly bigint[] = [];
  let failure: unknown;
  const fail = (error: unknown): void => {
    failure ??= error;
    ring();
  };
  const filter =
    sought &&
    filterFor(sought, {
      maxSearchWindow: WINDOW,
      checkpointInterval: 1,
      checkpointReached: (_, { commit }) => {
        checkpoints = [commit, ...checkpoints].slice(0, 2);
        ring();
      },
    });
  const subscription: AllStreamSubscription = client.subscribeToAll(
    { fromPosition: placeOf(from), ...(filter && { filter }) },
    { highWaterMark: AHEAD },
  );
  let page: Recorded[] = [];
  let room = pageRoom();
  // What comes while a batch is handled makes the next one. A page that is full leaves the rest with the client, and so with
  // the server.
  const fill = (): void => {
    while (!room.isFull()) {
      const resolved = subscription.read() as AllStreamResolvedEvent | null;
      if (!resolved) return;
      if (!resolved.event) continue;
      const event = recorded(resolved.event, where);
      page.push(event);
      room.put(event);
    }
  };
  subscription.on('readable', () => {
    liveness.heard();
    try {
      fill();
      ring();
    } catch (error) {
      fail(error);
    }
  });
  subscription.on('error', fail);
  const forget = liveness.watch(fail);
  subscription.on('end', () => fail(new StoreUnavailable(`Event store at ${where} ended a subscription; try again`)));

  const take = (): readonly Recorded[] => {
    fill();
    const taken = page;
    page = [];
    room = pageRoom();
    return taken;
  };
  return {
    take,
    /** How much there is to take, in events and bytes. */
    inHand: (): { readonly events: number; readonly bytes: number } => {
      fill();
      return { events: page.length, bytes: room.bytes() };
    },
    /** How far the server had looked when it last told, and when it told before: the last first. Everything before has come by now. */
    checkpoints: () => checkpoints,
    check: (): void => {
      if (closing.aborted) throw new StoreUnavailable(`Event store at ${where} is closed; open it again`);
      if (failure !== undefined) throw explained(failure, where);
    },
    // The subscription does not end its call by itself.
    end: (): void => {
      forget();
      void subscription.unsubscribe().catch(() => undefined);
      subscription.destroy();
    },
  };
}
