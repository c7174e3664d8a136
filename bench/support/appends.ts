import { randomUUID as newId } from 'node:crypto';
import { once } from 'node:events';
import type { NewEvent } from '../../src/eventstore/event-store.ts';
import { eventOf } from './events.ts';
import { started } from './processes.ts';

/** Appends of one fact each, by some writers at a time over some streams, no two writers to the same one. In seconds. */
export type Appends = {
  /** A file that is not there yet. */
  readonly file: string;
  readonly writers: number;
  readonly streams: number;
  readonly warmUp: number;
  readonly seconds: number;
};

/** Appends a fact to a stream at a revision, -1 when the stream is empty. Resolves when it is durable. */
export type Append = (stream: string, revision: number, event: NewEvent) => Promise<unknown>;

/** A store to append to. `stored` counts what another connection to its file finds there: facts, and different places. */
export type Store = {
  readonly append: Append;
  readonly stored: () => { readonly facts: number; readonly places: number };
};

const factOf = (nth: number): NewEvent => {
  const [id, commandId, correlationId] = [newId(), newId(), newId()];
  const metadata = { commandId, correlationId, causationId: commandId, actor: 'key:bench', version: 1 };
  return { id, type: 'ActivityRecorded', data: { eventId: newId(), ...eventOf(nth, 1_000) }, metadata };
};

/** Appends for some seconds, each writer to its streams in turn. Says how often that was acknowledged. */
const appendFor = async (append: Append, revisions: number[], writers: number, seconds: number): Promise<number> => {
  const until = performance.now() + seconds * 1_000;
  const write = async (writer: number): Promise<number> => {
    let count = 0;
    for (let nth = writer; performance.now() < until; nth += writers, count++) {
      const stream = nth % revisions.length;
      const revision = revisions[stream] ?? -1;
      await append(`lead-${stream}`, revision, factOf(nth));
      revisions[stream] = revision + 1;
    }
    return count;
  };
  const counts = await Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)));
  return counts.reduce((sum, count) => sum + count, 0);
};

/**
 * In a process of its own: appends to the store that `open` opens, as a message says, and answers with the appends a second.
 * Throws when the file has not what was acknowledged, each fact once.
 */
export const answerWithAppends = async (open: (file: string) => Promise<Store>): Promise<void> => {
  const [{ file, writers, streams, warmUp, seconds }] = (await once(process, 'message')) as [Appends];
  const { append, stored } = await open(file);
  const revisions = Array.from({ length: streams }, () => -1);
  const before = await appendFor(append, revisions, writers, warmUp);
  const begun = performance.now();
  const count = await appendFor(append, revisions, writers, seconds);
  const rate = (count / (performance.now() - begun)) * 1_000;
  const { facts, places } = stored();
  if (facts !== before + count || places !== facts)
    throw new Error(`${before + count} appends were acknowledged, but the file has ${facts} facts at ${places} places`);
  process.send?.(rate, () => process.exit());
};

/** The appends a second of a process that answers with them. `entry` is its file in the repository. */
export const appendsOf = async (entry: string, appends: Appends): Promise<number> => {
  const process = started(entry);
  try {
    process.child.send(appends);
    return Number(await process.says());
  } finally {
    await process.end('SIGKILL');
  }
};
