import { z } from 'zod';
import type { Answer, Call } from './http.ts';
import { ask, bodyOf, Unexpected } from './http.ts';
import type { Target } from './target.ts';

const made = z.object({ projectId: z.string(), apiKey: z.string() });
const page = z.object({ data: z.array(z.unknown()), nextCursor: z.string().nullable() });
const notYet = z.object({ code: z.literal('not-there-yet') });

/** How long the read models may take until they have what was acknowledged, in ms. */
const patience = 120_000;

/** A project of a server, asked with its key. */
export type Project = {
  readonly projectId: string;
  readonly key: string;
  readonly request: (path: string, call?: Omit<Call, 'key'>) => Promise<Answer>;
  /** Reads with all that is in the log up to a position. Rejects when that takes more than two minutes. */
  readonly get: <S extends z.ZodType>(path: string, shape: S, position: number) => Promise<z.output<S>>;
  /** All pages of a list, one after the other. */
  readonly pages: <S extends z.ZodType>(
    path: string,
    shape: S,
    position: number,
  ) => AsyncIterable<readonly z.output<S>[]>;
};

/** The log's end as it is now or later: something is recorded that nobody asks for, after all that was acknowledged. */
export const markedEnd = async ({ url, key }: Target): Promise<number> => {
  const answer = await ask(`${url}/api/projects`, { key, body: { name: 'Mark of a tool' } });
  bodyOf(answer, 201, made);
  return Number(answer.headers.get('leadfold-position'));
};

/** Makes a project for what a tool does. Needs the root key. */
export const newProject = async ({ url, key: rootKey }: Target, name: string): Promise<Project> => {
  const answer = await ask(`${url}/api/projects`, { key: rootKey, body: { name } });
  const { projectId, apiKey: key } = bodyOf(answer, 201, made);
  const request: Project['request'] = (path, call = {}) => ask(`${url}${path}`, { ...call, key });
  const get: Project['get'] = async (path, shape, position) => {
    const end = performance.now() + patience;
    for (;;) {
      const got = await request(path, { headers: { 'leadfold-after-position': String(position) } });
      if (!notYet.safeParse(got.body).success) return bodyOf(got, 200, shape);
      if (performance.now() > end)
        throw new Unexpected(`The read models are not at ${position} after ${patience / 1_000} s`);
    }
  };
  return {
    projectId,
    key,
    request,
    get,
    pages: async function* (path, shape, position) {
      let next: string | null = path;
      while (next !== null) {
        const { data, nextCursor }: z.infer<typeof page> = await get(next, page, position);
        yield z.array(shape).parse(data);
        const glue = path.includes('?') ? '&' : '?';
        next = nextCursor === null ? null : `${path}${glue}cursor=${encodeURIComponent(nextCursor)}`;
      }
    },
  };
};
