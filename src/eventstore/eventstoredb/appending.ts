import { jsonEvent, NO_STREAM } from '@eventstore/db-client';
import type { AppendExpectedRevision, JSONType } from '@eventstore/db-client';
// The client's own `appendToStream` sends many appends through one call, waits for answers without a deadline and ends the process
// when the connection breaks under load. This is the other half of it: a call for each append.
import { append as appendAlone } from '@eventstore/db-client/dist/streams/appendToStream/append.js';
import type { NewEvent } from '../event-store.ts';
import { RevisionConflict } from '../event-store.ts';
import type { Answer, AppendCall, Encoded } from './append-call.ts';
import { openingCalls, Unclear } from './append-call.ts';
import type { Connection, Reserved } from './client.ts';
import { within } from './client.ts';

/** Bytes of an append from which on it has a call of its own: the server's limit, beyond which a call fails as a whole. */
const LARGE = 1024 * 1024;

const textOf = (stream: string, { type, data }: NewEvent): string => {
  const text = JSON.stringify(data) as string | undefined;
  if (text === undefined) throw new TypeError(`Event ${type} for ${stream} has no data; give it an object`);
  return text;
};

/** Metadata with the names under which EventStoreDB's own tools look for what belongs together. */
const withReserved = ({ metadata }: NewEvent) => {
  const reserved: Reserved = { $correlationId: metadata.correlationId, $causationId: metadata.causationId };
  return { ...metadata, ...reserved };
};

const encoded = (stream: string, event: NewEvent): Encoded => ({
  id: event.id,
  type: event.type,
  data: Buffer.from(textOf(stream, event)),
  metadata: Buffer.from(JSON.stringify(withReserved(event))),
});

const proposed = (stream: string, event: NewEvent) => {
  textOf(stream, event);
  const { id, type, data } = event;
  return jsonEvent({ id, type, data: data as JSONType, metadata: withReserved(event) });
};

/** Events for a stream that is expected to be at a revision, -1 when it has none. */
type Append = { readonly stream: string; readonly expected: number; readonly events: readonly NewEvent[] };

/** Whether somebody waits for an append, and what says to the call that nobody does any more. */
type Waiting = { isOver: boolean; forget: () => void };

export type Appending = {
  /** Appends within the deadline of a connection. Rejects with what the client and the server throw, or `StoreUnavailable`. */
  readonly append: (by: Connection, what: Append) => Promise<Answer>;
  readonly end: () => void;
};

/**
 * An append that comes while none is under way has a call of its own. Those that come meanwhile share one, which costs a sixth of
 * the CPU. Each has its own deadline.
 */
export const appendingTo = (connection: Connection): Appending => {
  const { client } = connection;
  const open = openingCalls(connection);
  let call: Promise<AppendCall> | undefined;
  let underWay = 0;
  let isKnown = true;

  const alone = async ({ deadline }: Connection, { stream, expected, events }: Append): Promise<Answer> => {
    const all = events.map((event) => proposed(stream, event));
    const expectedRevision: AppendExpectedRevision = expected === -1 ? NO_STREAM : BigInt(expected);
    const rules = { expectedRevision, deadline, requiresLeader: true, batchAppendSize: 0 };
    const { success, nextExpectedRevision, position } = await appendAlone.call(client, stream, all, rules);
    if (!success) throw new RevisionConflict(stream, expected);
    return { revision: Number(nextExpectedRevision), ...(position && { position }) };
  };

  const current = async (): Promise<AppendCall> => {
    const opening = (call ??= open());
    try {
      const opened = await opening;
      if (!opened.isOver()) return opened;
    } catch (error) {
      if (call === opening) call = undefined;
      throw error;
    }
    if (call === opening) call = undefined;
    return current();
  };

  /** Appends by the call that several share, as long as somebody waits for it. */
  const together = async (by: Connection, what: Append, waiting: Waiting): Promise<Answer> => {
    const { stream, expected, events } = what;
    const parts = events.map((event) => encoded(stream, event));
    const size = parts.reduce((sum, { data, metadata }) => sum + data.length + metadata.length, 0);
    if (size >= LARGE) return alone(by, what);
    try {
      const opened = await current();
      if (waiting.isOver) throw new Unclear(new Error('Nobody waits any more'));
      const { answer, forget } = opened.append(stream, expected, parts);
      waiting.forget = forget;
      return await answer;
    } catch (error) {
      if (!(error instanceof Unclear) || waiting.isOver) throw error;
      isKnown &&= !error.isUnknownToServer;
      return alone(by, what);
    }
  };

  return {
    append: async (by, what) => {
      const waiting: Waiting = { isOver: false, forget: () => undefined };
      underWay += 1;
      try {
        const shares = underWay > 1 && isKnown;
        return await within(by, shares ? together(by, what, waiting) : alone(by, what));
      } finally {
        underWay -= 1;
        waiting.isOver = true;
        waiting.forget();
      }
    },
    end: () => void call?.then((opened) => opened.end()).catch(() => undefined),
  };
};
