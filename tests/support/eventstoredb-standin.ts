// Test support: a server in memory that speaks as much of EventStoreDB's protocol as the event store needs, for the real
// client library to connect to. It proves nothing about the real server: what it does is what we think the real one does.
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import gossip from '@eventstore/db-client/generated/gossip_pb.js';
import { GossipService } from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import { StreamsService } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import { ServerFeaturesService } from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import type {
  AppendReq,
  AppendResp,
  BatchAppendReq,
  BatchAppendResp,
} from '@eventstore/db-client/generated/streams_pb.js';
import { Metadata, Server, ServerCredentials, status } from '@grpc/grpc-js';
import type { sendUnaryData, ServerDuplexStream, ServerReadableStream } from '@grpc/grpc-js';
import type { Certificate } from './certificates.ts';
import {
  batchAnswer,
  batchedIn,
  batchExpectedIn,
  featuresMessage,
  unclearAnswer,
} from './eventstoredb-standin-batch.ts';
import { openLog } from './eventstoredb-standin-log.ts';
import type { Expected, Log, Outcome, Proposed } from './eventstoredb-standin-log.ts';
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
/** Appends that share a call have faults of their own. */
type Faulty = Kind | 'batched';
type BatchCall = ServerDuplexStream<BatchAppendReq, BatchAppendResp>;

/**
 * What goes wrong with one call: it is refused, or carried out without ever being answered, or a subscription just ends. An append that
 * shares a call may be refused in a way that says nothing.
 */
export type Fault =
  { readonly code: status; readonly details: string; readonly metadata?: Metadata } | 'silent' | 'end' | 'unclear';

export type EventStoreStandin = {
  readonly port: number;
  /** Such as `esdb://127.0.0.1:40123?tls=false`. */
  readonly url: string;
  /** Stops listening and breaks all connections; the log stays. */
  readonly stop: () => Promise<void>;
  /** Listens again on the same port; without `batching` as an older server, which takes no appends that share a call. */
  readonly start: (how?: { readonly batching: boolean }) => Promise<void>;
  /** How many calls were begun that appends share. */
  readonly batches: () => number;
  /** How long, in ms, each later answer takes. */
  readonly delay: (milliseconds: number) => void;
  /** How long, in ms, each hundred events of a later read take. */
  readonly pace: (milliseconds: number) => void;
  /** The next call of that kind meets the fault. */
  readonly fault: (kind: Faulty, fault: Fault) => void;
  /** The kinds of the calls so far. */
  readonly seen: () => readonly Kind[];
  /** How many events the calls of a kind were sent so far. */
  readonly sent: (kind: Kind) => number;
  /** How many calls of a kind have neither been answered nor cancelled. */
  readonly open: (kind: Kind) => number;
  /** The log itself, to look at and to append to without asking over the wire. */
  readonly log: Log;
};

/** A server with TLS, and who may use it. */
export type Secured = { readonly certificate: Certificate; readonly username: string; readonly password: string };

const MAX_APPEND = 1024 * 1024;
const LEADER = 8;

/** Metadata of an answer as the real server gives it with an error, such as `exception: not-leader`. */
export const trailers = (values: Readonly<Record<string, string>>): Metadata => {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(values)) metadata.set(name, value);
  return metadata;
};

const isUser = ({ username, password }: Secured, metadata: Metadata): boolean =>
  metadata.get('authorization')[0] === `Basic ${btoa(`${username}:${password}`)}`;

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

const identityOf = ({ cert, key }: Certificate): ServerCredentials =>
  ServerCredentials.createSsl(null, [{ private_key: Buffer.from(key), cert_chain: Buffer.from(cert) }]);

const listen = (server: Server, port: number, secured?: Secured): Promise<number> =>
  new Promise((resolve, reject) => {
    const identity = secured ? identityOf(secured.certificate) : ServerCredentials.createInsecure();
    server.bindAsync(`127.0.0.1:${port}`, identity, (error, bound) => (error ? reject(error) : resolve(bound)));
  });

/**
 * Starts one on a free port unless one is given; the file, when given, has its log, and the clock tells when events are recorded.
 * Without TLS it takes everybody, as the real one does when it is insecure.
 */
export const startEventStoreStandin = async (
  wantedPort = 0,
  file?: string,
  clock?: () => Date,
  secured?: Secured,
): Promise<EventStoreStandin> => {
  const log = openLog(file, clock);
  const faults = new Map<Faulty, Fault>();
  const seen: Kind[] = [];
  const open: Record<Kind, number> = { append: 0, read: 0, subscribe: 0 };
  const sent: Record<Kind, number> = { append: 0, read: 0, subscribe: 0 };
  const eventMessage = eventMessages();
  let [delay, pace, batches] = [0, 0, 0];
  let batching = true;

  const met = async (kind: Kind, metadata: Metadata, which: Faulty = kind): Promise<Fault | undefined> => {
    seen.push(kind);
    if (secured && !isUser(secured, metadata)) return { code: status.UNAUTHENTICATED, details: 'Unauthenticated' };
    const fault = faults.get(which);
    faults.delete(which);
    if (delay > 0) await sleep(delay, undefined, { ref: false });
    return fault;
  };

  const stored = (stream: string, expected: Expected, events: readonly Proposed[]): Outcome | undefined => {
    const size = events.reduce((sum, { data, metadata }) => sum + ((data.length + metadata.length) * 3) / 4, 0);
    return size > MAX_APPEND ? undefined : log.append(stream, expected, events);
  };

  const append = async (
    call: ServerReadableStream<AppendReq, AppendResp>,
    answer: sendUnaryData<AppendResp>,
  ): Promise<void> => {
    const requests: AppendReq[] = [];
    call.on('data', (request: AppendReq) => requests.push(request));
    await once(call, 'end');
    const fault = await met('append', call.metadata);
    if (typeof fault === 'object') return answer(fault);
    const options = requests[0]?.getOptions();
    const events = requests.flatMap((request) => request.getProposedMessage() ?? []).map(proposedIn);
    const outcome = stored(nameIn(options?.getStreamIdentifier()), expectedIn(options), events);
    if (fault === 'silent') return void (await once(call, 'cancelled'));
    answer(outcome ? null : tooLarge, outcome && appendedMessage(outcome));
  };

  // The real one answers each when it is written; a fault of the whole call ends it.
  const batched = async (call: BatchCall, request: BatchAppendReq): Promise<void> => {
    const fault = await met('append', call.metadata, 'batched');
    if (typeof fault === 'object') return void call.emit('error', fault);
    if (fault === 'unclear') return void call.write(unclearAnswer(request));
    const options = request.getOptions();
    const events = request.getProposedMessagesList().map(batchedIn);
    const outcome = stored(nameIn(options?.getStreamIdentifier()), batchExpectedIn(options), events);
    if (fault === 'silent') return void (await once(call, 'cancelled'));
    call.write(batchAnswer(request, outcome));
  };

  const answer = async (call: ReadCall): Promise<void> => {
    const kind = call.request.getOptions()?.hasSubscription() ? 'subscribe' : 'read';
    const fault = await met(kind, call.metadata);
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
        ...(batching && {
          batchAppend: (call: BatchCall) => {
            batches += 1;
            call.on('data', (request: BatchAppendReq) => void counted('append', call, batched(call, request)));
            call.on('end', () => call.end());
          },
        }),
        read: (call: ReadCall) =>
          void counted(call.request.getOptions()?.hasSubscription() ? 'subscribe' : 'read', call, answer(call)),
      },
    );
    running.addService(ServerFeaturesService, {
      getSupportedMethods: (_call: unknown, answer: sendUnaryData<unknown>) => answer(null, featuresMessage(batching)),
    });
    running.addService(GossipService, {
      read: (_call: unknown, answer: sendUnaryData<unknown>) => answer(null, clusterOf(port)),
    });
    return running;
  };

  let server = serving();
  const port = await listen(server, wantedPort, secured);
  return {
    port,
    url: `esdb://127.0.0.1:${port}?tls=${secured !== undefined}`,
    stop: async () => server.forceShutdown(),
    start: async (how = { batching: true }) => {
      ({ batching } = how);
      server = serving();
      await listen(server, port, secured);
    },
    delay: (milliseconds) => (delay = milliseconds),
    pace: (milliseconds) => (pace = milliseconds),
    batches: () => batches,
    fault: (kind, fault) => void faults.set(kind, fault),
    seen: () => [...seen],
    sent: (kind) => sent[kind],
    open: (kind) => open[kind],
    log,
  };
};
