import { BACKWARDS, END, ErrorType, isCommandError, jsonEvent, NO_STREAM } from '@eventstore/db-client';
import type { AppendExpectedRevision } from '@eventstore/db-client';
import { append } from '@eventstore/db-client/dist/streams/appendToStream/append.js';
import { mayTruncate } from '../event-store.ts';
import { readThrough, within } from './client.ts';
import type { Connection } from './client.ts';

/** The last event of a stream as far as it is looked at here; none when there is none. */
type Last = { readonly revision: bigint; readonly data: unknown };

const lastOf = async (connection: Connection, stream: string): Promise<Last | undefined> => {
  let last: Last | undefined;
  const asked = { direction: BACKWARDS, fromRevision: END, maxCount: 1, requiresLeader: true } as const;
  try {
    await readThrough(connection, connection.client.readStream(stream, asked), ({ event }) => {
      last = event;
      return true;
    });
    return last;
  } catch (error) {
    if (error instanceof Error && isCommandError(error) && error.type === ErrorType.STREAM_NOT_FOUND) return undefined;
    throw error;
  }
};

const settingsIn = (metadata: Last | undefined): Readonly<Record<string, unknown>> =>
  typeof metadata?.data === 'object' && metadata.data !== null ? { ...metadata.data } : {};

/**
 * Has a stream begin at a revision, by its metadata, of which the rest stays as it is. Who reads the whole log sees what was
 * before until the next scavenge.
 */
export const truncateStream = async (connection: Connection, stream: string, before: number): Promise<void> => {
  const { client, deadline } = connection;
  const [last, metadata] = [await lastOf(connection, stream), await lastOf(connection, `$$${stream}`)];
  mayTruncate(stream, before, last ? Number(last.revision) : -1);
  const settings = settingsIn(metadata);
  if (Number(settings['$tb'] ?? 0) >= before) return;
  const event = jsonEvent({ type: '$metadata', data: { ...settings, $tb: before } });
  // If somebody else changes the metadata meanwhile, this fails and changes nothing.
  const expectedRevision: AppendExpectedRevision = metadata ? metadata.revision : NO_STREAM;
  const rules = { expectedRevision, deadline, requiresLeader: true, batchAppendSize: 0 };
  await within(connection, append.call(client, `$$${stream}`, [event], rules));
};
