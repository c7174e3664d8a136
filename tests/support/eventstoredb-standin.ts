// Test support: a server in memory that speaks as much of EventStoreDB's protocol as the event store needs, for the real
// client library to connect to. It proves nothing about the real server: what it does is what we think the real one does.
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import gossip from '@eventstore/db-client/generated/gossip_pb.js';
import { GossipService } from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import { StreamsService } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import type { AppendReq, AppendResp } from '@eventstore/db-client/generated/streams_pb.js';
import { Metadata, Server, ServerCredentials, status } from '@grpc/grpc-js';
import type { sendUnaryData, ServerReadableStream } from '@grpc/grpc-js';
import { openLog } from './eventstoredb-standin-log.ts';
import type { Log } from './eventstoredb-standin-log.ts';
import {
  appendedMessage,
  encoded,
  eventMessages,
  expectedIn,
  nameIn,
  proposedIn,
} from './eventstoredb-standin-messages.ts';
import { answerRead } from './eventstoredb-standin-reading.ts';
import type { ReadCall } from './eventstoredb-standin-reading.ts';

type Kind = 'append' | 'read' | 'subscribe';

/** What goes wrong with one call: it is refused, or carried out without ever being answered, or a subscription just ends. */
export type Fault =
  { readonly code: status; readonly details: string; readonly metadata?: Metadata } | 'silent' | 'end';

export type EventStoreStandin = {
  readonly port: number;
  /** Such as `esdb://127.0.0.1:40123?tls=false`. */
  readonly url: string;
  /** Stops listening and breaks all connections; the log stays. */
  readonly stop: () => Promise<void>;
  /** Listens again on the same port. */
  readonly start: () => Promise<void>;
  /** How long, in ms, each later answer takes. */
  readonly delay: (milliseconds: number) => void;
  /** How long, in ms, each hundred events of a later read take. */
  readonly pace: (milliseconds: number) => void;
  /** The next call of that kind meets the fault. */
  readonly fault: (kind: Kind, fault: Fault) => void;
  /** The kinds of the calls so far. */
  readonly seen: () => readonly Kind[];
  /** How many events the calls of a kind were sent so far. */
  readonly sent: (kind: Kind) => number;
  /** How many calls of a kind have neither been answered nor cancelled. */
  readonly open: (kind: Kind) => number;
  /** The log itself, to look at and to append to without asking over the wire. */
  readonly log: Log;
};

const MAX_APPEND = 1024 * 1024;
const LEADER = 8;

/** Metadata of an answer as the real server gives it with an error, such as `exception: not-leader`. */
export const trailers = (values: Readonly<Record<string, string>>): Metadata => {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(values)) metadata.set(name, value);
  return metadata;
};

const tooLarge: Fault = {
  code: status.INVALID_ARGUMENT,
  details: `Maximum Append Size of ${MAX_APPEND} Exceeded.`,
  metadata: trailers({ exception: 'maximum-append-size-exceeded', 'maximum-append-size': String(MAX_APPEND) }),
};

const clusterOf = (port: number) => {
  const [endPoint, member, cluster] = [new gossip.EndPoint(), new gossip.MemberInfo(), new gossip.ClusterInfo()];
  endPoint.setAddress('127.0.0.1');
  endPoint.setPort(port);
  member.setHttpEndPoint(endPoint);
  member.setState(LEADER);
  member.setIsAlive(true);
  cluster.setMembersList([member]);
  return cluster;
};

const listen = (server: Server, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });

/** Starts one on a free port unless one is given; the file, when given, has its log, and the clock tells when events are recorded. */
export const startEventStoreStandin = async (
  wantedPort = 0,
  file?: string,
  clock?: () => Date,
): Promise<EventStoreStandin> => {
  const log = openLog(file, clock);
  const faults = new Map<Kind, Fault>();
  const seen: Kind[] = [];
  const open: Record<Kind, number> = { append: 0, read: 0, subscribe: 0 };
  const sent: Record<Kind, number> = { append: 0, read: 0, subscribe: 0 };
  const eventMessage = eventMessages();
  let [delay, pace] = [0, 0];

  const met = async (kind: Kind): Promise<Fault | undefined> => {
    seen.push(kind);
    const fault = faults.get(kind);
    faults.delete(kind);
    if (delay > 0) await sleep(delay, undefined, { ref: false });
    return fault;
  };

  const stored = (requests: readonly AppendReq[]): AppendResp | undefined => {
    const events = requests.flatMap((request) => request.getProposedMessage() ?? []).map(proposedIn);
    const size = events.reduce((sum, { data, metadata }) => sum + ((data.length + metadata.length) * 3) / 4, 0);
    if (size > MAX_APPEND) return undefined;
    const options = requests[0]?.getOptions();
    return appendedMessage(log.append(nameIn(options?.getStreamIdentifier()), expectedIn(options), events));
  };

  const append = async (
    call: ServerReadableStream<AppendReq, AppendResp>,
    answer: sendUnaryData<AppendResp>,
  ): Promise<void> => {
    const requests: AppendReq[] = [];
    call.on('data', (request: AppendReq) => requests.push(request));
    await once(call, 'end');
    const fault = await met('append');
    if (typeof fault === 'object') return answer(fault);
    const message = stored(requests);
    if (fault === 'silent') return void (await once(call, 'cancelled'));
    answer(message ? null : tooLarge, message);
  };

  const answer = async (call: ReadCall): Promise<void> => {
    const kind = call.request.getOptions()?.hasSubscription() ? 'subscribe' : 'read';
    const fault = await met(kind);
    if (typeof fault === 'object') return void call.emit('error', fault);
    if (fault === 'silent') return void (await once(call, 'cancelled'));
    if (fault !== 'end') await answerRead(log, call, { pace, sent: () => (sent[kind] += 1), eventMessage });
    call.end();
  };

  const counted = async (
    kind: Kind,
    call: { emit: (event: 'error', error: unknown) => boolean },
    run: Promise<void>,
  ) => {
    open[kind] += 1;
    try {
      await run;
    } catch (error) {
      call.emit('error', { code: status.INVALID_ARGUMENT, details: String(error) });
    }
    open[kind] -= 1;
  };

  const serving = (): Server => {
    const running = new Server();
    const read = { ...StreamsService.read, responseSerialize: encoded };
    running.addService(
      { ...StreamsService, read },
      {
        append: (call: ServerReadableStream<AppendReq, AppendResp>, answer: sendUnaryData<AppendResp>) =>
          void counted('append', call, append(call, answer)),
        read: (call: ReadCall) =>
          void counted(call.request.getOptions()?.hasSubscription() ? 'subscribe' : 'read', call, answer(call)),
      },
    );
    running.addService(GossipService, {
      read: (_call: unknown, answer: sendUnaryData<unknown>) => answer(null, clusterOf(port)),
    });
    return running;
  };

  let server = serving();
  const port = await listen(server, wantedPort);
  return {
    port,
    url: `esdb://127.0.0.1:${port}?tls=false`,
    stop: async () => server.forceShutdown(),
    start: async () => {
      server = serving();
      await listen(server, port);
    },
    delay: (milliseconds) => (delay = milliseconds),
    pace: (milliseconds) => (pace = milliseconds),
    fault: (kind, fault) => void faults.set(kind, fault),
    seen: () => [...seen],
    sent: (kind) => sent[kind],
    open: (kind) => open[kind],
    log,
  };
};
