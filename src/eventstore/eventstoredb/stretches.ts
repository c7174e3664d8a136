import type { Batch } from '../event-store.ts';
import { placeOfFact, wanting } from '../event-store.ts';
import { pageLimits } from '../page.ts';
import { placeOf } from './client.ts';
import type { Connection } from './client.ts';
import type { Sought } from './pulling.ts';
import { alarm, pulled, WINDOW } from './pulling.ts';
import { nextFrom } from './scanning.ts';

/** What the log has after a position and up to another. `bytes` is about what it takes as JSON. */
export type Stretch = Batch & { readonly from: number; readonly bytes: number };

/** Milliseconds to wait for the server before looking ourselves for what comes next. */
const GRACE = 100;
/** With fewer events in hand the next ones are waited for, for some ms: a stretch of a few costs each reader as much as one of many. */
const FEW = { events: 200, wait: 5 } as const;
/** While the server finds nothing, an event that nobody wants is looked up every so many ms, to know how far that is. */
const PASSING = 100;
/** What a stretch takes at least, in bytes: there may be nothing in it. */
const LEAST = 1_024;

const stretchOf = (from: number, batch: Batch, bytes: number): Stretch => ({
  ...batch,
  from,
  events: batch.events.filter(({ position }) => position > from),
  bytes: LEAST + (batch.events.length > 0 ? bytes : 0),
});

/**
 * Reads one stretch after the other by a subscription behind the server's filter. Close to the log's end the server tells nothing
 * of events that are not wanted, so who hears nothing looks for itself.
 */
export function readingFrom(connection: Connection, begin: number, sought: Sought, signal: AbortSignal) {
  const { ring, heard } = alarm();
  const subscription = pulled(connection, begin, ring, sought);
  // How far the server had looked before the last events were taken, and when that was followed.
  let checkpoints: readonly bigint[] = [];
  let looked = -Infinity;
  signal.addEventListener('abort', ring);
  const isWanted = wanting(sought);

  const take = async (from: number): Promise<Stretch | undefined> => {
    // Asked before: what comes with a checkpoint is there by then, and is taken before anybody goes on from it.
    checkpoints = subscription.checkpoints();
    const { events: few } = subscription.inHand();
    if (few > 0 && few < FEW.events) await new Promise((resolve) => setTimeout(resolve, FEW.wait));
    const { bytes } = subscription.inHand();
    const taken = subscription.take();
    const end = taken.at(-1);
    if (!end) return undefined;
    // Others may have events of these types.
    const events = taken.filter(isWanted);
    const last = events.at(-1);
    return stretchOf(from, { events, position: end.position, ...(last && { last: placeOfFact(last) }) }, bytes);
  };

  const look = async (from: number, late: boolean): Promise<Stretch | undefined> => {
    const further = checkpoints.filter((checkpoint) => checkpoint > from);
    if (!late && (further.length === 0 || performance.now() < looked + PASSING)) return undefined;
    looked = performance.now();
    // A checkpoint can be where the next event will begin, and is no position of something handled before that event is. Where
    // there is none yet, the one before is as near to the end as the server tells.
    for (const checkpoint of further) {
      const found = await nextFrom(
        connection,
        { commit: checkpoint, prepare: checkpoint },
        { count: 1, sought, signal },
      );
      if (found.position > from) return stretchOf(from, found, pageLimits.bytes / 2);
    }
    if (!late) return undefined;
    return stretchOf(
      from,
      await nextFrom(connection, placeOf(from), { count: WINDOW, sought, signal }),
      pageLimits.bytes / 2,
    );
  };

  return {
    next: async (from: number): Promise<Stretch> => {
      for (let late = false; !signal.aborted; late = !(await heard(GRACE))) {
        const found = await take(from);
        if (found && found.position > from) return found;
        if (!found) subscription.check();
        const other = found ? undefined : await look(from, late);
        if (other && other.position > from) return other;
      }
      return stretchOf(from, { events: [], position: from }, 0);
    },
    end: (): void => {
      signal.removeEventListener('abort', ring);
      subscription.end();
    },
  };
}
