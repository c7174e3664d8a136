import {
  MongoBulkWriteError,
  MongoClientClosedError,
  MongoError,
  MongoExpiredSessionError,
  MongoNetworkError,
  MongoNotConnectedError,
  MongoOperationTimeoutError,
  MongoServerClosedError,
  MongoServerError,
  MongoSystemError,
  MongoTopologyClosedError,
} from 'mongodb';
import { ReadModelsUnavailable } from '../read-models.ts';

/** Server errors: what an unordered write says when a document of that `_id` is there already. */
export const DUPLICATE_KEY = 11_000;
/** Server errors: no such collection, and no such index. */
export const NAMESPACE_NOT_FOUND = 26;
export const INDEX_NOT_FOUND = 27;

// The credentials in the URL are wrong, or their user may not do what was asked.
const REFUSED = new Set([13, 18]);

/**
 * Server errors that pass: hosts that can't be reached or found (6, 7, 89, 9001), time that ran out (50, 262), a write that
 * too few members confirmed (64, 100, 134), no primary (91, 189, 10058, 10107, 11600, 11602, 13435, 13436, 133), a read that was
 * cut off by one of these (43, 175, 237, 290), a server with too much to do (462) and a full disk (14031).
 */
const PASSING = new Set([
  ...[6, 7, 89, 9001, 50, 262, 64, 100, 134, 91, 189, 10_058, 10_107, 11_600, 11_602, 13_435, 13_436, 133],
  ...[43, 175, 237, 290, 462, 14_031],
]);

const CUT_OFF = [
  ...[MongoNetworkError, MongoSystemError, MongoOperationTimeoutError, MongoNotConnectedError],
  ...[MongoServerClosedError, MongoTopologyClosedError, MongoClientClosedError, MongoExpiredSessionError],
] as const;

// A bulk write wraps whatever the driver threw; what it wraps says what happened.
const unwrapped = (error: unknown): unknown =>
  error instanceof MongoBulkWriteError && error.errorResponse instanceof Error ? error.errorResponse : error;

const codesOf = (error: MongoServerError): readonly unknown[] => {
  if (!(error instanceof MongoBulkWriteError)) return [error.code];
  const { writeErrors } = error;
  return [error.code, ...[writeErrors].flat().map(({ code }) => code)];
};

const adviceOn = (error: unknown): string | undefined => {
  if (CUT_OFF.some((kind) => error instanceof kind)) return 'try again';
  // The driver does not export the class.
  if (error instanceof MongoError && error.name === 'MongoWaitQueueTimeoutError') return 'try again';
  if (
    error instanceof MongoError &&
    ['RetryableWriteError', 'RetryableError'].some((label) => error.hasErrorLabel(label))
  )
    return 'try again';
  // The driver hands on what the system says of a name of a cluster.
  if (error instanceof Error && 'syscall' in error && ['querySrv', 'queryTxt'].includes(String(error.syscall)))
    return 'check the name in its URL';
  if (!(error instanceof MongoServerError)) return undefined;
  const codes = codesOf(error);
  if (codes.some((code) => typeof code === 'number' && REFUSED.has(code))) return 'check the user in its URL';
  return codes.some((code) => typeof code === 'number' && PASSING.has(code)) ? 'try again' : undefined;
};

/** The error of a server or driver as `ReadModelsUnavailable` when it says so, else as it is. `where` names the database. */
export const explained = (error: unknown, where: string): unknown => {
  const cause = unwrapped(error);
  const advice = adviceOn(cause);
  if (advice === undefined || !(cause instanceof Error)) return error;
  return new ReadModelsUnavailable(`Read models in ${where}: ${cause.message}; ${advice}`, { cause: error });
};

const hasCode = (error: unknown, code: number): boolean => error instanceof MongoServerError && error.code === code;

/** What happens, or `other` when the server answers with that error. */
export const unless = async <T>(code: number, other: T, run: () => Promise<T>): Promise<T> => {
  try {
    return await run();
  } catch (error) {
    if (hasCode(error, code)) return other;
    throw error;
  }
};
