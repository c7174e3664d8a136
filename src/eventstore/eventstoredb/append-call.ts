import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { ErrorType, isCommandError } from '@eventstore/db-client';
import type { Position } from '@eventstore/db-client';
import { unpackToCommandError } from '@eventstore/db-client/dist/streams/appendToStream/unpackError.js';
import { convertToCommandError } from '@eventstore/db-client/dist/utils/CommandError.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import { StreamsClient } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import messages from '@eventstore/db-client/generated/streams_pb.js';
import type { BatchAppendReq, BatchAppendResp } from '@eventstore/db-client/generated/streams_pb.js';
import { status } from '@grpc/grpc-js';
import type { CallOptions, ClientDuplexStream, Metadata, ServiceError } from '@grpc/grpc-js';
import { StoreUnavailable } from '../event-store.ts';
import type { Connection } from './client.ts';

/** An event as it goes over the wire. */
export type Encoded = { readonly id: string; readonly type: string; readonly data: Buffer; readonly metadata: Buffer };

/** An append that was written. Without a position its events were there already. */
export type Answer = { readonly revision: number; readonly position?: Position };

/** One call that takes many appends at a time, and answers each when it is written. */
export type AppendCall = {
  /** The answer rejects with what the server says of that append, with `Unclear`, or with why the call is over. */
  readonly append: (
    stream: string,
    expected: number,
    events: readonly Encoded[],
  ) => {
    readonly answer: Promise<Answer>;
    /** Says that nobody waits any more. */
    readonly forget: () => void;
  };
  readonly isOver: () => boolean;
  readonly end: () => void;
};

/** Nothing was said of an append that could be understood: it may be made again with a call of its own. */
export class Unclear extends Error {
  readonly isUnknownToServer: boolean;
  constructor(cause: unknown, isUnknownToServer = false) {
    super('An append was not answered in a way that is known', { cause });
    this.name = 'Unclear';
    this.isUnknownToServer = isUnknownToServer;
  }
}

/** What a server says of one append that stays as it is. */
const SAID: readonly string[] = [
  ...[ErrorType.WRONG_EXPECTED_VERSION, ErrorType.STREAM_DELETED],
  ...[ErrorType.MAXIMUM_APPEND_SIZE_EXCEEDED, ErrorType.ACCESS_DENIED],
];

type Pending = PromiseWithResolvers<Answer> & { readonly stream: string };

/** What of the client is not for everybody: how it makes calls, and how it looks for another node after a failure. */
type Inner = {
  readonly execute: <T>(
    kind: typeof StreamsClient,
    name: string,
    run: (grpc: StreamsClient) => Promise<T>,
  ) => Promise<T>;
  readonly callArguments: (base: object, options: CallOptions) => [Metadata, CallOptions];
  readonly handleError: (grpc: StreamsClient, error: Error) => Promise<void>;
};

type Timestamp = NonNullable<ReturnType<BatchAppendReq.Options['getDeadline']>>;
const { Timestamp: TimestampOfClient } = createRequire(import.meta.resolve('@eventstore/db-client'))(
  'google-protobuf/google/protobuf/timestamp_pb.js',
) as { readonly Timestamp: { readonly fromDate: (date: Date) => Timestamp } };

/** The server's clock may be another: it gives up by itself after its own time for a write, and this side by its deadline. In ms. */
const NEVER = 60 * 60 * 1_000;

const requestOf = (id: string, stream: string, expected: number, events: readonly Encoded[]): BatchAppendReq => {
  const [request, options] = [new messages.BatchAppendReq(), new messages.BatchAppendReq.Options()];
  options.setStreamIdentifier(new shared.StreamIdentifier().setStreamName(Buffer.from(stream)));
  options.setDeadline(TimestampOfClient.fromDate(new Date(Date.now() + NEVER)));
  if (expected === -1) options.setNoStream(new shared.Empty());
  else options.setStreamPosition(String(expected));
  request.setCorrelationId(new shared.UUID().setString(id)).setOptions(options).setIsFinal(true);
  for (const { id: eventId, type, data, metadata } of events) {
    const message = new messages.BatchAppendReq.ProposedMessage();
    message.setId(new shared.UUID().setString(eventId)).setData(data).setCustomMetadata(metadata);
    message.getMetadataMap().set('type', type).set('content-type', 'application/json');
    request.addProposedMessages(message);
  }
  return request;
};

const placeOf = (commit: string): Position => ({ commit: BigInt(commit), prepare: BigInt(commit) });

const answerIn = (response: BatchAppendResp): Answer => {
  const success = response.getSuccess();
  const position = success?.getPosition();
  return {
    revision: Number(success?.getCurrentRevision()),
    ...(position && { position: placeOf(position.getCommitPosition()) }),
  };
};

const callOver = (
  duplex: ClientDuplexStream<BatchAppendReq, BatchAppendResp>,
  where: string,
  failed: (error: Error) => void,
): AppendCall => {
  const pending = new Map<string, Pending>();
  const silent = new StoreUnavailable(`Event store at ${where}: a call brings no answers any more; try again`);
  let over = false;
  let heard = 0;
  const end = (error: Error): void => {
    over = true;
    for (const { reject } of pending.values()) reject(error);
    pending.clear();
  };
  // For as long as the call lives: an error that nobody listens for ends the process.
  duplex.on('error', (error: ServiceError) => {
    if (over) return;
    failed(error);
    end(error.code === status.UNIMPLEMENTED ? new Unclear(error, true) : convertToCommandError(error));
  });
  duplex.on('end', () => end(new Unclear(new Error('The server ended the call'))));
  duplex.on('data', (response: BatchAppendResp) => {
    heard += 1;
    const id = response.getCorrelationId()?.getString() ?? '';
    const waiting = pending.get(id);
    if (!pending.delete(id) || !waiting) return;
    const error = response.getError();
    if (!error) return waiting.resolve(answerIn(response));
    const said = unpackToCommandError(error, waiting.stream);
    const isClear = isCommandError(said) && SAID.includes(said.type);
    waiting.reject(isClear ? said : new Unclear(said));
    // A node that does not lead any more may say so for ever.
    if (!isClear) close(new Unclear(said));
  });
  const close = (why: Error): void => {
    end(why);
    duplex.cancel();
  };
  return {
    append: (stream, expected, events) => {
      const [id, before] = [randomUUID(), heard];
      const waiting = { ...Promise.withResolvers<Answer>(), stream };
      pending.set(id, waiting);
      duplex.write(requestOf(id, stream, expected, events));
      // Where nothing at all was answered meanwhile, the call is dead, and the next append makes another one. Those that wait have
      // waited about as long: to make them again with calls of their own would come too late.
      const forget = (): void => {
        if (pending.delete(id) && heard === before) close(silent);
      };
      return { answer: waiting.promise, forget };
    },
    isOver: () => over,
    end: () => close(new StoreUnavailable(`Event store at ${where} is closed; open it again`)),
  };
};

/** The client by what its types keep to itself. */
const innerOf = (client: object): Inner => client as Inner;

/** Opens a call, as a part of no request that happens to be under way. */
export const openingCalls = ({ client, where }: Connection): (() => Promise<AppendCall>) => {
  const inner = innerOf(client);
  const outside = AsyncLocalStorage.snapshot();
  const open = (): Promise<AppendCall> =>
    inner.execute(StreamsClient, 'batchAppend', async (grpc) => {
      const duplex = grpc.batchAppend(...inner.callArguments({ requiresLeader: true }, { deadline: Infinity }));
      return callOver(duplex, where, (error) => void inner.handleError(grpc, error));
    });
  return () => outside(open);
};
