import { z } from 'zod';
import { must } from './case.ts';
import type { Answer, Call } from '../support/http.ts';
import { ask, bodyOf } from '../support/http.ts';

/** An activity as it is sent. */
export type Sent = { readonly eventId: string; readonly eventType: string; readonly [name: string]: unknown };

const receipt = z.object({ status: z.enum(['queued', 'duplicate']), eventId: z.string(), leadId: z.string() });
const receipts = z.object({
  accepted: z.int(),
  duplicates: z.int(),
  rejected: z.int(),
  results: z.array(z.object({ eventId: z.string().nullable(), leadId: z.string().optional() })),
});
const page = z.object({ data: z.array(z.unknown()), nextCursor: z.string().nullable() });
const notYet = z.object({ code: z.literal('not-there-yet') });

/** How long a read may wait for the read models, in ms. */
const patience = 60_000;

/** A project of a server, asked with its key. Its reads have all that was written through this object. */
export type Project = {
  readonly projectId: string;
  readonly key: string;
  readonly request: (path: string, call?: Omit<Call, 'key'>) => Promise<Answer>;
  /** Records one activity. Rejects when it isn't acknowledged. */
  readonly send: (event: Sent) => Promise<z.infer<typeof receipt>>;
  /** Records many. Rejects unless all of them are acknowledged. */
  readonly batch: (events: readonly Sent[]) => Promise<z.infer<typeof receipts>>;
  readonly get: <S extends z.ZodType>(path: string, shape: S) => Promise<z.output<S>>;
  /** All pages of a list. */
  readonly all: <S extends z.ZodType>(path: string, shape: S) => Promise<readonly z.output<S>[]>;
};

/** A project that exists on the server at a URL, which may change when it is started again. */
export const projectAt = (url: () => string, projectId: string, key: string): Project => {
  const seen = { position: 0 };
  const request: Project['request'] = async (path, call = {}) => {
    const answer = await ask(`${url()}${path}`, { ...call, key });
    seen.position = Math.max(seen.position, Number(answer.headers.get('leadfold-position') ?? 0));
    return answer;
  };
  const get: Project['get'] = async (path, shape) => {
    const end = performance.now() + patience;
    for (;;) {
      const answer = await request(path, { headers: { 'leadfold-after-position': String(seen.position) } });
      if (!notYet.safeParse(answer.body).success) return bodyOf(answer, 200, shape);
      must(performance.now() < end, `The read models are not at ${seen.position} after ${patience / 1_000} s`);
    }
  };
  return {
    projectId,
    key,
    request,
    get,
    send: async (body) => bodyOf(await request('/api/events/ingest', { body }), 202, receipt),
    batch: async (events) => {
      const taken = bodyOf(await request('/api/events/batch', { body: { events } }), 200, receipts);
      must(taken.rejected === 0, `${taken.rejected} of ${events.length} activities were rejected`);
      return taken;
    },
    all: async (path, shape) => {
      const items: z.output<typeof shape>[] = [];
      const from = (cursor: string): string =>
        `${path}${path.includes('?') ? '&' : '?'}cursor=${encodeURIComponent(cursor)}`;
      for (let next: string | null = path; next !== null;) {
        const { data, nextCursor }: z.infer<typeof page> = await get(next, page);
        items.push(...z.array(shape).parse(data));
        next = nextCursor === null ? null : from(nextCursor);
      }
      return items;
    },
  };
};
