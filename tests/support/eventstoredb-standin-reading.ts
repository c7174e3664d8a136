import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import messages from '@eventstore/db-client/generated/streams_pb.js';
import type { ReadReq, ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import type { ServerWritableStream } from '@grpc/grpc-js';
import type { Entry, Log, Place } from './eventstoredb-standin-log.ts';
import {
  caughtUpMessage,
  checkpointMessage,
  confirmationMessage,
  nameIn,
  notFoundMessage,
} from './eventstoredb-standin-messages.ts';
import type { Encoded } from './eventstoredb-standin-messages.ts';

export type ReadCall = ServerWritableStream<ReadReq, ReadResp | Encoded>;

/** How a read is answered: how many ms it takes for each hundred events, what hears of each event that is sent, and what makes it bytes. */
export type Manner = {
  readonly pace: number;
  readonly sent: () => void;
  readonly eventMessage: (entry: Entry) => Encoded;
};

/** How many events the real server looks up at a time. */
const READ_BATCH = 32;
const START: Place = { commit: 0, prepare: -1 };

const send = async (call: ReadCall, message: ReadResp | Encoded): Promise<void> => {
  if (call.cancelled || call.write(message)) return;
  const over = new AbortController();
  await Promise.race(['drain', 'cancelled'].map((event) => once(call, event, { signal: over.signal })));
  over.abort();
};

const sendAll = async (
  call: ReadCall,
  entries: readonly Entry[],
  { pace, sent, eventMessage }: Manner,
): Promise<void> => {
  for (const [index, entry] of entries.entries()) {
    if (pace > 0 && index % 100 === 0) await sleep(pace, undefined, { ref: false });
    sent();
    await send(call, eventMessage(entry));
  }
};

const placeIn = (all: ReadReq.Options.AllOptions | undefined): Place | undefined => {
  if (all?.hasEnd()) return undefined;
  const position = all?.getPosition();
  if (!position) return START;
  return { commit: Number(position.getCommitPosition()), prepare: Number(position.getPreparePosition()) };
};

const readStream = async (log: Log, call: ReadCall, options: ReadReq.Options, manner: Manner): Promise<void> => {
  const from = options.getStream();
  const name = nameIn(from?.getStreamIdentifier());
  if (!log.has(name)) return send(call, notFoundMessage(name));
  const entries = log.stream(name);
  const count = Number(options.getCount());
  if (options.getReadDirection() === messages.ReadReq.Options.ReadDirection.BACKWARDS) {
    const most = from?.hasRevision() ? Number(from.getRevision()) : Infinity;
    const found = entries.filter(({ revision }) => revision <= most);
    return sendAll(call, found.slice(-count).reverse(), manner);
  }
  const first = from?.hasRevision() ? Number(from.getRevision()) : 0;
  const begin = first - (entries[0]?.revision ?? 0);
  await sendAll(call, entries.slice(Math.max(0, begin), Math.max(0, begin) + count), manner);
};

// Forwards a place is where the first event begins, backwards where it ends.
const readAll = async (log: Log, call: ReadCall, options: ReadReq.Options, manner: Manner): Promise<void> => {
  const place = placeIn(options.getAll());
  const count = Number(options.getCount());
  const sendFrom = (begin: number, step: 1 | -1): Promise<void> => {
    const found: Entry[] = [];
    for (let index = begin, entry = log.all[index]; entry && found.length < count; entry = log.all[(index += step)])
      if (!log.isGone(entry)) found.push(entry);
    return sendAll(call, found, manner);
  };
  if (options.getReadDirection() === messages.ReadReq.Options.ReadDirection.BACKWARDS)
    return sendFrom((place ? log.after({ commit: place.commit, prepare: -1 }) : log.all.length) - 1, -1);
  await sendFrom(place ? log.after({ commit: place.commit, prepare: place.prepare - 1 }) : log.all.length, 1);
};

/** Resolves when the log has grown beyond an index, or the call is over. */
const grown = (log: Log, call: ReadCall, index: number): Promise<void> =>
  new Promise((resolve) => {
    const look = (): void => {
      if (log.all.length <= index && !call.cancelled) return;
      forget();
      call.off('cancelled', look);
      resolve();
    };
    const forget = log.watch(look);
    call.on('cancelled', look);
    look();
  });

const later = (one: Place, other: Place): Place => (one.commit > other.commit ? one : other);

const subscribe = async (log: Log, call: ReadCall, options: ReadReq.Options, manner: Manner): Promise<void> => {
  const filter = options.getFilter();
  const prefixes = filter?.getStreamIdentifier()?.getPrefixList() ?? [''];
  const types = filter?.getEventType()?.getPrefixList();
  const matches = ({ stream, type }: Entry): boolean =>
    types ? types.some((prefix) => type.startsWith(prefix)) : prefixes.some((prefix) => stream.startsWith(prefix));
  const window = filter?.hasMax() ? filter.getMax() : READ_BATCH;
  const interval = window * (filter?.getCheckpointintervalmultiplier() ?? 1);
  const end = log.all.at(-1)?.position ?? 0;
  const from = placeIn(options.getAll()) ?? { commit: end, prepare: end };
  let index = log.after(from);
  let [page, sent, counted] = [from, from, 0];

  const pass = async (): Promise<void> => {
    const entry = log.all[index];
    if (!entry) return;
    index += 1;
    counted += 1;
    if (!matches(entry) || log.isGone(entry)) return;
    sent = { commit: entry.position, prepare: entry.position };
    manner.sent();
    await send(call, manner.eventMessage(entry));
  };

  // A page of the past is told of by where it began, which is where the event before it ended. Only a page that is not
  // full shows that the log has ended: there can be an empty one that begins where the next event will.
  const catchUp = async (): Promise<boolean> => {
    const last = index + window;
    let found = 0;
    while (index < Math.min(last, log.all.length) && found < READ_BATCH) {
      const before = sent;
      await pass();
      if (sent !== before) found += 1;
    }
    const full = index === last || found === READ_BATCH;
    if ((!full || counted >= interval) && page !== START) await send(call, checkpointMessage(later(page, sent)));
    counted %= interval;
    page = { commit: log.all[index - 1]?.end ?? 0, prepare: 0 };
    return full;
  };

  await send(call, confirmationMessage());
  while (!call.cancelled && (await catchUp()));
  await send(call, caughtUpMessage());
  counted = 0;
  while (!call.cancelled) {
    const entry = log.all[index];
    if (!entry) {
      await grown(log, call, index);
      continue;
    }
    await pass();
    if (counted < interval) continue;
    counted = 0;
    await send(call, checkpointMessage({ commit: entry.position, prepare: entry.position }));
  }
};

/** Answers a call of `Streams.Read`: a stream, the whole log, or a subscription to it, with a filter of stream names or none. */
export const answerRead = (log: Log, call: ReadCall, manner: Manner): Promise<void> => {
  const options = call.request.getOptions();
  if (options?.hasStream()) return readStream(log, call, options, manner);
  if (options?.hasSubscription()) return subscribe(log, call, options, manner);
  if (options?.hasAll()) return readAll(log, call, options, manner);
  throw new TypeError('A read says neither which stream nor that it is the whole log');
};
