import { gunzipSync, gzipSync } from 'node:zlib';
import { z } from 'zod';
import type { SnapshotFormat } from '../domain/event.ts';
import { projectOfStream } from '../domain/streams.ts';
import type { Documents, Stored } from '../readmodels/documents.ts';
import type { Queries } from '../readmodels/queries.ts';
import type { Collection, Key } from '../readmodels/collection.ts';
import { ReadModelsUnavailable } from '../readmodels/read-models.ts';
import { bytesOfCommands, packIndex, unpackIndex } from './command-index.ts';
import { writeLater } from './snapshot-queue.ts';
import type { Folded } from './folded.ts';
import { memoryOf } from './folded.ts';

/** A state as it was when its snapshot was made. Whether the log has its last fact, and where, must be looked up there. */
export type Snapshot<S> = Omit<Folded<S>, 'position'>;

/** Snapshots of long streams: a cache, which may have an old one, one of another log, or none. */
export type Snapshots = {
  /** The snapshot of a stream, if it can be had soon. Never throws: without one the facts are read. */
  load<S>(stream: string, format: SnapshotFormat<S>): Promise<Snapshot<S> | undefined>;
  /** Makes a snapshot when there is time for it, unless the state is too large or too much waits already. */
  offer<S>(stream: string, format: SnapshotFormat<S>, folded: Folded<S>): void;
  /** Removes the snapshot of a stream, whatever it is. Throws when the read models are away. */
  forget(stream: string): Promise<void>;
};

/** What came of a look for a snapshot; `skipped` while the read models are away or slow. */
export type LookupOutcome = 'found' | 'none' | 'unusable' | 'skipped';

/** How snapshots are kept: `patience` is how long one is waited for, in ms, and `now` is in ms too. */
export type Keeping = {
  readonly now?: () => number;
  readonly patience?: number;
  readonly onLookup?: (outcome: LookupOutcome) => void;
};

/** Snapshots over read models. `written` writes at once what waits for it; `stop` drops that. */
export type KeptSnapshots = Snapshots & { readonly written: () => Promise<void>; readonly stop: () => void };

/**
 * `gzip` is the contents as JSON, packed, in base64: a fifth of their length, and what was damaged can't be unpacked. `commands` is
 * beside it, as hashes can't be packed.
 */
const document = z.object({ version: z.int(), gzip: z.string(), commands: z.string() });
type Document = z.infer<typeof document>;

/** Where snapshots are: beside the collections of the projections, so that who deletes the read models deletes them. */
export const snapshotCollection: Collection<Document> = { name: 'snapshots', document, indexes: [] };

const contents = z.object({
  revision: z.int().min(0),
  last: z.string(),
  size: z.number(),
  commands: z.object({ seed: z.string(), check: z.int() }),
  state: z.unknown(),
});

/**
 * A state of more bytes in memory, or more characters of text, or with commands of more bytes in memory, has no snapshot: making it
 * would hold up requests. A state and its commands fit in what may wait to be written.
 */
const most = { size: 10 * 1024 * 1024, text: 4 * 1024 * 1024, commands: 6 * 1024 * 1024 };

/** The version of what snapshots of all formats have in common. */
const layout = 2;

/** The version of a document: later where that or the format is. */
const versionOf = ({ version }: { readonly version: number }): number => layout * 1_000_000 + version;

/** For how long none is looked for after the read models did not answer in time, in ms. */
const backOff = 5_000;

const keyOf = (stream: string): Key => ({ project: projectOfStream(stream), id: stream });

const written = <S>(format: SnapshotFormat<S>, folded: Folded<S>): Document | undefined => {
  const { revision, last, size, state } = folded;
  try {
    const { pairs, ...commands } = packIndex(folded.commands, revision);
    const text = JSON.stringify({ revision, last, size, commands, state: format.pack(state) });
    if (text.length > most.text) return undefined;
    return {
      version: versionOf(format),
      gzip: gzipSync(text, { level: 1 }).toString('base64'),
      commands: pairs,
    };
  } catch {
    // One that can't be packed must not keep the others from being written.
    return undefined;
  }
};

const opened = <S>({ unpack }: SnapshotFormat<S>, { gzip, commands: pairs }: Document): Snapshot<S> => {
  const text = gunzipSync(Buffer.from(gzip, 'base64')).toString();
  const { revision, last, size, commands, state } = contents.parse(JSON.parse(text));
  return {
    state: unpack(state),
    commands: unpackIndex({ pairs, ...commands }),
    revision,
    last,
    size,
    saved: revision,
  };
};

/** An answer, if it comes in time. */
const within = async <T>(milliseconds: number, answer: Promise<T>): Promise<T> => {
  const { promise, reject } = Promise.withResolvers<never>();
  const late = () => reject(new ReadModelsUnavailable(`No answer in ${milliseconds} ms`));
  const timer = setTimeout(late, milliseconds);
  try {
    return await Promise.race([answer, promise]);
  } finally {
    clearTimeout(timer);
  }
};

/** Keeps snapshots with the read models. A newer one of a stream is never written over by an older one. */
export const keepSnapshots = (
  readModels: Documents & Pick<Queries, 'get'>,
  { now = () => performance.now(), patience = 200, onLookup = () => undefined }: Keeping = {},
): KeptSnapshots => {
  const waiting = writeLater(readModels, snapshotCollection);
  let restingUntil = -Infinity;

  const forget = (stream: string): Promise<void> => {
    waiting.remove(stream);
    return waiting.inTurn(async () => {
      const unchecked: Collection<Document> = { ...snapshotCollection, document: z.any() };
      const found = await readModels.load(unchecked, [keyOf(stream)]);
      // With position 0, so that any other may take its place.
      const gone = found.map(({ position }) => ({ ...keyOf(stream), doc: undefined, position: 0, replaces: position }));
      await readModels.replace(unchecked, gone);
    });
  };

  const look = async <S>(
    stream: string,
    format: SnapshotFormat<S>,
  ): Promise<readonly [LookupOutcome, Snapshot<S>?]> => {
    if (restingUntil > now()) return ['skipped'];
    try {
      const { project, id } = keyOf(stream);
      const found = await within(patience, readModels.get(project, snapshotCollection, id));
      if (!found) return ['none'];
      // Of a newer process beside this one, to which it is of use.
      if (found.version > versionOf(format)) return ['unusable'];
      if (found.version === versionOf(format)) return ['found', opened(format, found)];
    } catch (error) {
      if (error instanceof ReadModelsUnavailable) {
        restingUntil = now() + backOff;
        return ['skipped'];
      }
    }
    void forget(stream).catch(() => undefined);
    return ['unusable'];
  };

  return {
    load: async (stream, format) => {
      const [outcome, snapshot] = await look(stream, format);
      onLookup(outcome);
      return snapshot;
    },
    offer: (stream, format, folded) => {
      if (folded.size > most.size || bytesOfCommands(folded.commands) > most.commands) return;
      const make = (): Stored<Document> | undefined => {
        const doc = written(format, folded);
        return doc && { ...keyOf(stream), doc, position: folded.position };
      };
      waiting.add(stream, { size: memoryOf(folded), make });
    },
    forget,
    written: waiting.written,
    stop: waiting.stop,
  };
};
