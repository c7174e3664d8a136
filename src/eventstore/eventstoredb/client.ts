import { ErrorType, isCommandError } from '@eventstore/db-client';
import type { EventStoreDBClient, Position, ReadPosition, StreamingRead } from '@eventstore/db-client';
import { status } from '@grpc/grpc-js';
import type { Metadata, Recorded } from '../event-store.ts';
import { RevisionConflict, StoreUnavailable } from '../event-store.ts';
import { addressOf, newClient } from './connecting.ts';
import type { Liveness } from './liveness.ts';

/** A client with the server's name for messages, how long, in ms, it may keep silent, and a signal that it was closed. */
export type Connection = {
  readonly client: EventStoreDBClient;
  readonly where: string;
  readonly deadline: number;
  readonly closing: AbortSignal;
  readonly liveness: Liveness;
};

/** As much of an event as the client hands out that we look at. */
export type Stored = {
  readonly id: string;
  readonly type: string;
  readonly data: unknown;
  readonly metadata?: unknown;
  readonly streamId: string;
  readonly revision: bigint;
  readonly created: Date;
  readonly position?: Position;
};

type Reconnect = (...failure: readonly unknown[]) => Promise<void>;

/** How long an answer may take by a connection string's `defaultDeadline`, in ms, and otherwise. */
export const deadlineIn = (connectionString: string, otherwise: number): number =>
  Number(/[?&]defaultDeadline=(\d{1,9})(?:&|$)/i.exec(connectionString)?.[1] ?? otherwise);

/** A client for a connection string. Connects when it is first used, and again when the server was away. */
export const clientFor = (connectionString: string): EventStoreDBClient => {
  const client = newClient(addressOf(connectionString));
  // After a failure the client looks for another node while nobody waits for it: that this fails as well would end the
  // process. The next call finds out by itself.
  const reconnect = Reflect.get(client, 'handleError') as Reconnect;
  const quietly: Reconnect = (...failure) => reconnect(...failure).catch(() => undefined);
  Reflect.set(client, 'handleError', quietly);
  return client;
};

/** Answers that stay the same however often the call is made: kinds of the client's, and codes of those it has no kind for. */
const FINAL_TYPES: readonly string[] = [
  ...[ErrorType.STREAM_NOT_FOUND, ErrorType.STREAM_DELETED, ErrorType.WRONG_EXPECTED_VERSION],
  ...[ErrorType.MAXIMUM_APPEND_SIZE_EXCEEDED, ErrorType.MISSING_REQUIRED_METADATA_PROPERTY, ErrorType.INVALID_ARGUMENT],
];
const FINAL_CODES: readonly unknown[] = [
  ...[status.INVALID_ARGUMENT, status.FAILED_PRECONDITION, status.OUT_OF_RANGE],
  ...[status.UNIMPLEMENTED, status.DATA_LOSS],
];
const OWN_TYPES = [StoreUnavailable, RevisionConflict, TypeError, RangeError, SyntaxError];

const isFinal = (error: unknown): boolean =>
  error instanceof Error &&
  isCommandError(error) &&
  (FINAL_TYPES.includes(error.type) || FINAL_CODES.includes(error.code));

/**
 * A failure as `StoreUnavailable`, except where the server has understood the call and answered no, and where the fault is
 * ours. A node that does not lead the cluster is unavailable: the client goes to the leader with the next call.
 */
export const explained = (error: unknown, where: string): unknown => {
  if (!(error instanceof Error) || OWN_TYPES.some((type) => error instanceof type)) return error;
  if (isFinal(error)) return error;
  return new StoreUnavailable(`Event store at ${where}: ${error.message}; ${adviceOn(error)}`, { cause: error });
};

const adviceOn = (error: Error): string => {
  if (!isCommandError(error) || error.type !== ErrorType.ACCESS_DENIED) return 'try again';
  const advice = 'check the user in its connection string';
  return error.code === status.UNAUTHENTICATED
    ? `${advice}: the server does not know the name or the password`
    : `${advice}: it has to be one who may read $all and write streams`;
};

/** Whether the server has answered, and refused the user. */
export const isRefusal = (error: unknown): boolean =>
  error instanceof StoreUnavailable &&
  error.cause instanceof Error &&
  isCommandError(error.cause) &&
  error.cause.type === ErrorType.ACCESS_DENIED;

/** Notes what the failure of a call, which waited since a time, says of the connection. The client's clock may be the first to run out. */
const noteFailure = async ({ liveness }: Connection, error: unknown, since: number): Promise<void> => {
  if (isFinal(error)) liveness.heard();
  else if (error instanceof Error && isCommandError(error) && error.type === ErrorType.DEADLINE_EXCEEDED)
    await liveness.unanswered(since);
};

/** What a call gives, or `StoreUnavailable` when that takes longer than the deadline. */
export const within = async <T>(connection: Connection, call: Promise<T>): Promise<T> => {
  const { deadline, where, liveness } = connection;
  const late = Promise.withResolvers<never>();
  const begun = performance.now();
  const give = async (): Promise<void> => {
    await liveness.unanswered(begun);
    late.reject(new StoreUnavailable(`Event store at ${where}: no answer in ${deadline} ms; try again`));
  };
  const timer = setTimeout(() => void give(), deadline);
  try {
    const answer = await Promise.race([call, late.promise]);
    liveness.heard();
    return answer;
  } catch (error) {
    await noteFailure(connection, error, begun);
    throw explained(error, where);
  } finally {
    clearTimeout(timer);
  }
};

/**
 * Hands over each item of a read until `wanted` says no more. Gives up when nothing comes for as long as the deadline,
 * so that a long stream may take its time, and when a signal aborts.
 */
export const readThrough = async <T>(
  connection: Connection,
  stream: StreamingRead<T>,
  wanted: (item: T) => boolean,
  signal: AbortSignal = connection.closing,
): Promise<void> => {
  const { deadline, where, liveness } = connection;
  let givenUp = false;
  const end = (reason: string) => (): void => {
    givenUp = true;
    stream.destroy(new StoreUnavailable(`Event store at ${where}: ${reason}`));
  };
  const giveUp = end(`no answer in ${deadline} ms; try again`);
  let waiting = performance.now();
  const giveUpOrGoOn = async (since: number): Promise<void> => {
    await liveness.unanswered(since);
    if (waiting === since) giveUp();
  };
  const timer = setTimeout(() => void giveUpOrGoOn(waiting), deadline);
  const cut = end('the read was given up');
  signal.addEventListener('abort', cut);
  // The loop listens only while it waits, and the client also tells of errors after that.
  stream.on('error', () => undefined);
  let complete = false;
  try {
    for await (const item of stream) {
      timer.refresh();
      liveness.heard();
      waiting = performance.now();
      if (!wanted(item)) return;
    }
    liveness.heard();
    complete = true;
  } catch (error) {
    // A call that failed has ended. To cancel it as well draws a frame that Node takes for an attack: after a thousand
    // such frames, from reads of streams that nobody wrote to, it breaks the connection with all calls on it.
    complete = !givenUp;
    await noteFailure(connection, error, waiting);
    throw explained(error, where);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', cut);
    // Leaving the loop ends the stream of items, but not the call that feeds it.
    if (!complete) void stream.cancel().catch(() => undefined);
  }
};

/** Where the log is read from when everything up to a position is known. */
export const placeOf = (position: number): ReadPosition =>
  position === 0 ? 'start' : { commit: BigInt(position), prepare: BigInt(position) };

/** The position of a stored event. Throws when the server does not tell it, or when it is no safe integer. */
export const positionOf = ({ position, streamId }: Pick<Stored, 'position' | 'streamId'>, where: string): number => {
  const commit = Number(position?.commit);
  if (Number.isSafeInteger(commit)) return commit;
  throw new RangeError(
    `Event store at ${where}: an event of ${streamId} is at position ${String(position?.commit)}, which is no safe integer; run EventStoreDB 22.6 or later`,
  );
};

/** A stored event as it was appended. */
export const recorded = (stored: Stored, where: string): Recorded => {
  const { id, type, data, streamId: stream, revision, created: recordedAt } = stored;
  // What others wrote to a stream of ours may have none, or some that is no JSON.
  const given = stored.metadata instanceof Uint8Array ? {} : (stored.metadata ?? {});
  const { $correlationId: _, $causationId: __, ...metadata } = given as Metadata & Reserved;
  return {
    id,
    type,
    data,
    metadata,
    stream,
    revision: Number(revision),
    position: positionOf(stored, where),
    recordedAt,
  };
};

/** The names under which EventStoreDB's own tools look for what belongs together. */
export type Reserved = { readonly $correlationId: string; readonly $causationId: string };
