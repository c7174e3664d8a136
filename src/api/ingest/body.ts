import type { FastifyRequest } from 'fastify';
import type { Readable } from 'node:stream';
import type { App } from '../http/app.ts';
import { bodyLimits, excessive } from '../http/body.ts';
import { nobody } from '../http/caller.ts';
import { unauthorized } from '../http/credentials.ts';
import type { JsonBounds } from '../http/json-scan.ts';
import { excessOf } from '../http/json-scan.ts';
import { Problem } from '../http/problems.ts';
import type { Admit } from './admission.ts';
import { jsonInForm } from './form.ts';
import type { Translated } from './item.ts';
import { faulty } from './item.ts';
import { isObject, readJson } from './json.ts';
import type { Sent } from './rejects.ts';
import { kindOf } from '../http/words.ts';
import { withExactNumbers } from './numbers.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route takes many items in one body. */
    batch?: boolean;
    /** So many outer levels of a body, none unless told, are our own format: a number there stays one, to be refused for a text. */
    ownLevels?: number | ((request: FastifyRequest) => number);
  }
}

// An item that nests too deep is refused alone.
const ofOne = { values: bodyLimits.values, anItem: 0, items: 0, levels: Infinity };
const ofBatch = { ...ofOne, anItem: bodyLimits.valuesAnItem, items: bodyLimits.items };

const mustFit = (bytes: Buffer, bounds: JsonBounds, lines = false): void => {
  const excess = excessOf(bytes, bounds, lines);
  if (excess) throw excessive(excess);
};

const asJson = (bytes: Buffer, bounds: JsonBounds, plainLevels: number): unknown => {
  mustFit(bytes, bounds);
  try {
    return readJson(withExactNumbers(bytes, { plainLevels }));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new Problem('invalid-json', `The body is not JSON: ${error.message}`);
  }
};

const asLines = (bytes: Buffer): string => {
  mustFit(bytes, ofBatch, true);
  return withExactNumbers(bytes, { plainLevels: 1, lines: true });
};

const form = 'application/x-www-form-urlencoded';

/** What JSON is sent as: pages choose the other two to be spared a preflight (CORS). */
export const jsonTypes: readonly string[] = ['application/json', 'text/plain', form];

/** A body that says nothing of its type, as a beacon without one, is taken for JSON. */
const untypedIsJson = (scope: App): void =>
  void scope.addHook('onRequest', ({ headers }, _reply, done) => {
    if ((headers['content-type'] ?? '').trim() === '') headers['content-type'] = 'application/json';
    done();
  });

/**
 * Takes JSON under the types of `jsonTypes` and those that are given, and lines of JSON of our own format under others, in place of what the app
 * takes elsewhere. A body that is there is parsed when it was let in.
 */
export const takes = (
  scope: App,
  admit: Admit,
  more: readonly (string | RegExp)[] = [],
  lines: readonly string[] = [],
): void => {
  scope.removeAllContentTypeParsers();
  untypedIsJson(scope);
  for (const type of [...jsonTypes, ...more]) {
    const outOf = type === form ? jsonInForm : undefined;
    scope.addContentTypeParser(type, (request: FastifyRequest, stream: Readable) => {
      const { batch, ownLevels = 0 } = request.routeOptions.config;
      const plainLevels = typeof ownLevels === 'number' ? ownLevels : ownLevels(request);
      const read = async (bytes: Buffer) => {
        await admit(request, bytes.length);
        return asJson(bytes, batch ? ofBatch : ofOne, plainLevels);
      };
      return scope.takeBody(request, stream, read, outOf);
    });
  }
  for (const type of lines) {
    scope.addContentTypeParser(type, async (request: FastifyRequest, stream: Readable) => {
      if (request.caller === nobody) throw unauthorized('Send the key of lines with Authorization or X-API-Key');
      return scope.takeBody(request, stream, async (bytes) => {
        await admit(request, bytes.length);
        return asLines(bytes);
      });
    });
  }
};

/** Puts schemas into the documentation only: items are checked one by one, so that a bad one doesn't fail the others. */
export const documentedOnly = { validatorCompiler: () => (data: unknown) => ({ value: data }) } as const;

/** Throws a `Problem` when there are more items than one request may have. */
export const limited = <T>(items: readonly T[]): readonly T[] => {
  if (items.length <= bodyLimits.items) return items;
  throw new Problem('too-large', `The batch has ${items.length} items; send at most ${bodyLimits.items} at a time`);
};

/** The items under a key of the body, and the body. Throws a `Problem` when there is no list, or too long a one. */
export const itemsAt = (body: unknown, key: string) => {
  const items = isObject(body) ? body[key] : undefined;
  if (isObject(body) && Array.isArray(items)) return { body, items: limited(items) };
  const [pointer, value] = isObject(body) ? [`/${key}`, items] : ['', body];
  const detail = `must be ${pointer ? 'a list' : `an object with a list "${key}"`}, is ${kindOf(value)}`;
  throw new Problem('invalid-request', `The ${pointer || 'body'} ${detail}`, { errors: [{ pointer, detail }] });
};

/** The items of a body that is a list. Throws a `Problem` when it is none, or too long. */
export const listOf = (body: unknown): readonly unknown[] => itemsAt({ body }, 'body').items;

/** The lines of NDJSON that are not blank. Throws a `Problem` when there are too many. */
export const linesOf = (text: string): readonly string[] => {
  const lines: string[] = [];
  const begin = /\S/g;
  // A body may be all blank lines: it goes from one that is not to the next, and stops with the first that is too many.
  for (let found = begin.exec(text); found; found = begin.exec(text)) {
    if (lines.length === bodyLimits.items)
      throw new Problem(
        'too-large',
        `The batch has more than ${bodyLimits.items} items; send at most ${bodyLimits.items} at a time`,
      );
    const end = text.indexOf('\n', found.index);
    begin.lastIndex = end === -1 ? text.length : end;
    lines.push(text.slice(found.index, begin.lastIndex));
  }
  return lines;
};

/** Translates a line of NDJSON; one that is not JSON is an item that can't be read. */
export const translateLine = (line: string, translate: (item: unknown) => Translated): Translated => {
  try {
    return translate(readJson(line));
  } catch (error) {
    if (error instanceof SyntaxError) return faulty('', `is not JSON: ${error.message}`);
    throw error;
  }
};

/** A line of NDJSON as it was sent: an item, or, where it is not JSON, the text. */
export const lineAsSent = (line: string): Sent => {
  try {
    return { form: 'item', value: readJson(line) };
  } catch (error) {
    if (error instanceof SyntaxError) return { form: 'text', value: line };
    throw error;
  }
};
