import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:http';
import type { Json } from './client.ts';
import { bearer } from './client.ts';

/** One block of a stream: an event, or a comment, which may have an id too. */
export type Block = { readonly id?: string; readonly event?: string; readonly data?: Json; readonly comment?: string };

const blockOf = (text: string): Block => {
  const fields = text.split('\n').map((line): readonly [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon) || 'comment', line.slice(colon + 2)];
  });
  const { data, ...block } = Object.fromEntries(fields);
  return { ...block, ...(data !== undefined && { data: JSON.parse(data) }) };
};

/** A stream of events as a client reads it. */
export type Reading = {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly blocks: readonly Block[];
  /** What was told: blocks with data. */
  readonly told: () => readonly Json[];
  /** The last id, for `Last-Event-ID`. */
  readonly lastId: () => string | undefined;
  /** Resolves when what was read satisfies; rejects when the stream ends before. */
  readonly until: (enough: (reading: Reading) => boolean) => Promise<void>;
  readonly pause: () => void;
  readonly resume: () => void;
  /** Breaks the connection. */
  readonly drop: () => void;
  /** Resolves when it ended, whoever ended it: whether that was clean. */
  readonly ended: Promise<boolean>;
};

/** Reads a stream; resolves when the answer begins. */
export const readStream = async (
  url: string,
  key: string,
  {
    query = '',
    last,
    headers = {},
  }: { query?: string; last?: string | undefined; headers?: Record<string, string> } = {},
): Promise<Reading> => {
  const sent = request(`${url}/api/stream${query}`, {
    agent: false,
    headers: { ...bearer(key), ...(last !== undefined && { 'last-event-id': last }), ...headers },
  });
  sent.end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const blocks: Block[] = [];
  const changed = new Set<() => void>();
  const change = () => changed.forEach((call) => call());
  let rest = '';
  let over = false;
  response.setEncoding('utf8');
  response.on('data', (text: string) => {
    const parts = (rest + text).split('\n\n');
    rest = parts.pop() ?? '';
    blocks.push(...parts.map(blockOf));
    change();
  });
  sent.on('error', () => undefined);
  response.on('error', () => undefined);
  const ended = new Promise<boolean>((resolve) => {
    response.once('close', () => {
      over = true;
      change();
      resolve(response.complete);
    });
  });
  const reading: Reading = {
    status: response.statusCode ?? 0,
    headers: response.headers,
    blocks,
    told: () => blocks.flatMap(({ data }) => (data === undefined ? [] : [data])),
    lastId: () => blocks.findLast(({ id }) => id !== undefined)?.id,
    until: (enough) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const is = enough(reading);
          if (!is && !over) return;
          changed.delete(look);
          if (is) resolve();
          else reject(new Error(`The stream ended before: ${JSON.stringify(blocks.slice(-3))}`));
        };
        changed.add(look);
        look();
      }),
    pause: () => void response.pause(),
    resume: () => void response.resume(),
    drop: () => void sent.destroy(),
    ended,
  };
  return reading;
};
