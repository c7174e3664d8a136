import type { FastifyRequest } from 'fastify';
import type { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { BrotliOptions, ZlibOptions } from 'node:zlib';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import type { App } from './app.ts';
import { nobody } from './caller.ts';
import type { Excess } from './json-scan.ts';
import { excessOf } from './json-scan.ts';
import { maxDepth, parseJson } from './json.ts';
import { Problem } from './problems.ts';
import { turnsOf } from './turns.ts';

/**
 * Reads a body to its end, unpacks it, takes the JSON `outOf` what it is wrapped in and gives it to `parse`. Throws a `Problem`
 * when it is beyond a bound or has no key.
 */
export type TakeBody = (
  request: FastifyRequest,
  stream: Readable,
  parse: (bytes: Buffer) => unknown,
  outOf?: (bytes: Buffer) => Buffer,
) => Promise<unknown>;

declare module 'fastify' {
  interface FastifyInstance {
    takeBody: TakeBody;
  }
}

const mib = 1024 * 1024;

/** The bounds of bodies. Values are JSON's: lists, objects and what is in them; the names of members don't count. */
export const bodyLimits = {
  /** The largest body, unpacked, in bytes. */
  bytes: 4 * mib,
  /** The largest where the key is not in the headers: Segment's older clients send it behind a batch of 480 KB. */
  keylessBytes: 512 * 1024,
  /** How many bytes of such bodies a process holds at a time, in all. */
  keylessBytesInAll: 32 * mib,
  /** Values in a body, or in all lines of one. */
  values: 50_000,
  /** Where that is more, values for each item of a batch. */
  valuesAnItem: 20,
  /** Items of a batch. */
  items: 5_000,
  /** Bodies of one project, or of nobody yet, that are unpacked at a time: each may take 16 MiB, whatever comes out. */
  unpackingAtOnce: 2,
} as const;

const pieces = 'send it in several parts';

const written = (bytes: number): string => (bytes < mib ? `${bytes / 1024} KiB` : `${bytes / mib} MiB`);

const tooLarge = (most: number, keyless: boolean): Problem =>
  new Problem(
    'too-large',
    keyless
      ? `The body is larger than ${written(most)} when unpacked, and only a body that comes with its key in a header may be; send the key with Authorization or X-API-Key`
      : `The body is larger than ${written(most)} when unpacked; ${pieces}`,
  );

/** What to say of a body that has too much of something to be parsed. */
export const excessive = ({ of, most }: Excess): Problem =>
  of === 'levels'
    ? new Problem('invalid-json', `The body is not accepted: it nests deeper than ${most} levels`)
    : new Problem('too-large', `The body has more than ${most.toLocaleString('en')} JSON values; ${pieces}`);

/** Reads a body to its end, and hears of each piece of it. What is thrown there ends the reading, but not the stream. */
const received = (stream: Readable, onBytes: (size: number) => void): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const stop = (): void => {
      stream.removeListener('data', onData).removeListener('end', onEnd).removeListener('error', onError);
    };
    const onError = (cause: unknown): void => {
      stop();
      reject(new Problem('invalid-request', 'The body did not come in as a whole; send it again', { cause }));
    };
    const onEnd = (): void => {
      stop();
      const [only = Buffer.of(), ...more] = chunks;
      resolve(more.length === 0 ? only : Buffer.concat(chunks));
    };
    const onData = (chunk: Buffer): void => {
      try {
        onBytes(chunk.length);
        chunks.push(chunk);
      } catch (error) {
        stop();
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    };
    stream.on('data', onData).on('end', onEnd).on('error', onError);
  });

type Unpack = (packed: Buffer, options: { readonly maxOutputLength: number }) => Promise<Buffer>;

const unpackers: ReadonlyMap<string, Unpack> = new Map<string, Unpack>([
  ['gzip', promisify<Buffer, ZlibOptions, Buffer>(gunzip)],
  ['deflate', promisify<Buffer, ZlibOptions, Buffer>(inflate)],
  ['br', promisify<Buffer, BrotliOptions, Buffer>(brotliDecompress)],
]);

/** How a body is unpacked; undefined when it is plain. Throws a `Problem` when nobody here can. */
const unpackerOf = ({ headers: { 'content-encoding': encoding = '' } }: FastifyRequest): Unpack | undefined => {
  if (encoding === '' || encoding === 'identity') return undefined;
  const unpack = unpackers.get(encoding);
  if (unpack) return unpack;
  throw new Problem('unsupported-type', 'Send the body plain or with gzip, deflate or br');
};

/** Unpacks until there is more than `most` bytes, whatever would come after. */
const unpacked = async (unpack: Unpack, packed: Buffer, most: number): Promise<Buffer | undefined> => {
  try {
    return await unpack(packed, { maxOutputLength: most });
  } catch (cause) {
    if (cause instanceof RangeError) return undefined;
    const detail = 'The body does not unpack with the encoding that it names';
    throw new Problem('invalid-request', detail, { cause });
  }
};

/** How long a body will be, as its sender says; NaN when it does not. */
const declaredLength = ({ headers }: FastifyRequest): number => Number(headers['content-length']);

/**
 * Takes bodies in, within their bounds. Where the key is not in the headers, a body is only looked through for it; nothing of it is
 * parsed before the key is known.
 */
const taking = (): TakeBody => {
  const held = { bytes: 0 };
  const inTurn = turnsOf(bodyLimits.unpackingAtOnce);
  const oneByOne = turnsOf(1);

  const hold = (bytes: number): void => {
    held.bytes += bytes;
    if (held.bytes <= bodyLimits.keylessBytesInAll) return;
    const detail =
      'Too many bodies are under way whose key is not in the headers; send the key with Authorization or X-API-Key, or send it again';
    throw new Problem('too-many-requests', detail, { headers: { 'Retry-After': '1' } });
  };

  return async (request, stream, parse, outOf = (bytes) => bytes) => {
    const keyless = request.caller === nobody;
    const { bodyLimit = bodyLimits.bytes } = request.routeOptions;
    const most = keyless ? Math.min(bodyLimit, bodyLimits.keylessBytes) : bodyLimit;
    const unpack = unpackerOf(request);
    const declared = declaredLength(request);
    if (declared > most) throw tooLarge(most, keyless);
    let size = 0;
    const onBytes = (more: number): void => {
      size += more;
      if (keyless) hold(more);
      if (size > most) throw tooLarge(most, keyless);
    };
    try {
      const body = await received(stream, onBytes);
      if (size < declared || size > declared) {
        throw new Problem('invalid-request', 'The body is not as long as Content-Length says');
      }
      const whose = keyless ? '' : (request.caller.projectId ?? request.caller.name);
      const bytes = unpack ? await inTurn(whose, () => unpacked(unpack, body, most)) : body;
      if (!bytes) throw tooLarge(most, keyless);
      if (!keyless) return await parse(outOf(bytes));
      // One after the other, and others have their turn between two: a body takes some ms to look through.
      const json = await oneByOne('', async () => {
        await nextTurn();
        const taken = outOf(bytes);
        await request.server.admitByBody(request, taken);
        return taken;
      });
      return await parse(json);
    } finally {
      if (keyless) held.bytes -= size;
    }
  };
};

/** How deep a body nests that is read as a whole: more than any needs, little enough to walk through safely. */
const bounds = { values: bodyLimits.values, anItem: 0, items: 0, levels: maxDepth };

/** Bodies are JSON, unless a route says otherwise. */
export const bodies = (app: App): void => {
  const takeBody = taking();
  app.decorate('takeBody', takeBody);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', (request: FastifyRequest, stream: Readable) =>
    takeBody(request, stream, (bytes) => {
      const excess = excessOf(bytes, bounds);
      if (excess) throw excessive(excess);
      return parseJson(bytes.toString());
    }),
  );
};
