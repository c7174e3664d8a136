import type { ReadPosition } from '@eventstore/db-client';
import { ownStreams } from '../../domain/streams.ts';
import type { Place, Recorded, Scanned, ScanLimits } from '../event-store.ts';
import { placeOfFact, wanting } from '../event-store.ts';
import { pageLimits, pageRoom } from '../page.ts';
import { placeOf, readThrough, recorded } from './client.ts';
import type { Connection } from './client.ts';
import type { Sought } from './pulling.ts';

/** How many bytes of the log a scan reads at most: what is not wanted of it is sent as well. Positions are bytes. */
const scanned = 16 * 1024 * 1024;

type Looking = {
  readonly count: number;
  readonly sought: Sought;
  readonly signal?: AbortSignal;
  readonly most?: number;
  readonly span?: number;
};

/**
 * What is wanted of the next `count` events from a place on, `most` of them at most and no more than span `span` bytes of the log, and where the last that was looked at is; 0
 * when there is none.
 */
export async function nextFrom(
  connection: Connection,
  place: ReadPosition,
  { count, sought, signal, most = pageLimits.events, span = Infinity }: Looking,
): Promise<Scanned> {
  const [isWanted, isOwn] = [wanting(sought), wanting({ streams: [...ownStreams, ...sought.streams] })];
  const events: Recorded[] = [];
  let [position, passed, full] = [0, 0, false];
  let last: Place | undefined;
  let begin: number | undefined;
  const room = pageRoom();
  const read = connection.client.readAll({ fromPosition: place, maxCount: count, requiresLeader: true });
  const look = ({ event: stored }: { readonly event?: Parameters<typeof recorded>[0] }): boolean => {
    passed += 1;
    if (!stored) return true;
    const event = recorded(stored, connection.where);
    position = event.position;
    begin ??= position;
    full = position - begin >= span;
    if (isOwn(event)) last = placeOfFact(event);
    if (!isWanted(event)) return !full;
    events.push(event);
    room.put(event);
    full ||= room.isFull() || events.length >= most;
    return !full;
  };
  try {
    await readThrough(connection, read, look, signal);
  } catch (error) {
    if (!signal?.aborted) throw error;
  }
  return { events, position, atEnd: !full && passed < count, ...(last && { last }) };
}

/** Looks through what comes after a position. The server can't filter what is read and not subscribed to. */
export const scan = async (
  connection: Connection,
  from: number,
  sought: Sought,
  { events: most, among }: ScanLimits,
): Promise<Scanned> => {
  // The event at the position itself comes first, and may be one that is wanted; it is not looked at again.
  const found = await nextFrom(connection, placeOf(from), { count: among + 1, sought, most: most + 1, span: scanned });
  const after = found.events.filter(({ position }) => position > from);
  const events = after.slice(0, most);
  const position = Math.max(from, events.length < after.length ? (events.at(-1)?.position ?? 0) : found.position);
  const lastOf = events.at(-1);
  const last = position < found.position ? lastOf && placeOfFact(lastOf) : found.last;
  return { events, position, atEnd: found.atEnd && position >= found.position, ...(last && { last }) };
};
