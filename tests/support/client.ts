/** An answer's body as parsed, of whatever shape: a test that guesses wrong about it fails. */
export type Json = ReturnType<typeof JSON.parse>;

/** An answer over HTTP. `body` is the parsed JSON, undefined when the answer has none. */
export type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  readonly body: Json;
};

/** A request. A `body` that is a text or bytes goes as it is, anything else as JSON. */
export type Call = {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
};

/** Sends one request somewhere. */
export type Transport = (call: Call) => Promise<Answer>;

type More = Omit<Call, 'method' | 'path'>;

/** A project over HTTP, asked with its first key. Reads wait for what the project's writes were told to be at. */
export type Project = {
  readonly projectId: string;
  readonly apiKey: string;
  /** The highest Leadfold-Position that a write of this project was answered with. */
  readonly position: () => number;
  readonly request: (method: string, path: string, more?: More) => Promise<Answer>;
  /** Records an activity: POST /api/events/ingest. */
  readonly send: (event: object, headers?: Call['headers']) => Promise<Answer>;
  readonly batch: (events: readonly unknown[], headers?: Call['headers']) => Promise<Answer>;
  /** The body of a read that must succeed, with everything in it that was written through this object. */
  readonly get: (path: string) => Promise<Json>;
  /** A read, whatever its answer. */
  readonly read: (path: string, headers?: Call['headers']) => Promise<Answer>;
  /** All pages of a list, read by cursor. */
  readonly all: (path: string) => Promise<readonly Json[]>;
  /** With the root key, for this project. */
  readonly asRoot: (method: string, path: string, more?: More) => Promise<Answer>;
};

/** The header that sends a key. */
export const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

/** Fails with what the server said unless the answer has one of these statuses. */
export const mustBe = (answer: Answer, ...statuses: readonly number[]): Answer => {
  if (statuses.includes(answer.status)) return answer;
  throw new Error(`Answered ${answer.status}, not ${statuses.join(' or ')}: ${answer.text.slice(0, 1_000)}`);
};

/** Adds the query to a path that may have one. */
const withQuery = (path: string, query: string): string => `${path}${path.includes('?') ? '&' : '?'}${query}`;

/** What a test does with a server: through `transport`, as the root key's holder and as projects. */
export const clientOf = (transport: Transport, adminKey: () => string) => {
  const root = (method: string, path: string, { headers, ...more }: More = {}): Promise<Answer> =>
    transport({ method, path, ...more, headers: { ...bearer(adminKey()), ...headers } });

  /** A project that exists, with a key of it. */
  const known = (projectId: string, apiKey: string, from = 0): Project => {
    const seen = { position: from };
    const noted = (answer: Answer): Answer => {
      seen.position = Math.max(seen.position, Number(answer.headers['leadfold-position'] ?? 0));
      return answer;
    };
    const request: Project['request'] = async (method, path, { headers, ...more } = {}) =>
      noted(await transport({ method, path, ...more, headers: { ...bearer(apiKey), ...headers } }));
    const read: Project['read'] = (path, headers = {}) =>
      request('GET', path, { headers: { 'leadfold-after-position': String(seen.position), ...headers } });
    const get: Project['get'] = async (path) => {
      const answer = await read(path);
      // A busy machine may be late, and is asked again as it says, without the pause: each answer has waited already.
      return answer.body?.code === 'not-there-yet' ? get(path) : mustBe(answer, 200).body;
    };
    return {
      projectId,
      apiKey,
      request,
      read,
      get,
      position: () => seen.position,
      send: (body, headers = {}) => request('POST', '/api/events/ingest', { body, headers }),
      batch: (events, headers = {}) => request('POST', '/api/events/batch', { body: { events }, headers }),
      all: async (path) => {
        const items: Json[] = [];
        let cursor: string | null = null;
        do {
          const page: Json = await get(
            cursor === null ? path : withQuery(path, `cursor=${encodeURIComponent(cursor)}`),
          );
          items.push(...page.data);
          cursor = page.nextCursor;
        } while (cursor !== null);
        return items;
      },
      asRoot: async (method, path, { headers, ...more } = {}) =>
        noted(await root(method, path, { ...more, headers: { 'x-project-id': projectId, ...headers } })),
    };
  };

  const project = async (name = 'Acme'): Promise<Project> => {
    const { body, headers } = mustBe(await root('POST', '/api/projects', { body: { name } }), 201);
    return known(body.projectId, body.apiKey, Number(headers['leadfold-position']));
  };

  return { transport, root, project, known };
};
export type Client = ReturnType<typeof clientOf>;

const isRaw = (body: unknown): body is string | Uint8Array => typeof body === 'string' || body instanceof Uint8Array;

/** The headers and the body of a request as they go over the wire. */
export const wired = ({ headers = {}, body }: Call) => {
  const type: Readonly<Record<string, string>> = body === undefined ? {} : { 'content-type': 'application/json' };
  return {
    headers: { ...type, ...headers },
    ...(body !== undefined && { body: isRaw(body) ? body : JSON.stringify(body) }),
  };
};

/** Whether an answer goes on for as long as somebody reads it, so that what comes first is all that a test waits for. */
export const isEndless = (type: string | null | undefined): boolean => type?.startsWith('text/event-stream') ?? false;

/** What comes first of a body. */
export const firstPart = async (body: AsyncIterable<Uint8Array> | null): Promise<string> => {
  for await (const part of body ?? []) return Buffer.from(part).toString('utf8');
  return '';
};

/** The body of an answer, parsed when its content type says that it is JSON. */
export const parsedBody = (type: string | undefined, text: string): Json =>
  text !== '' && /[/+]json\b/.test(type ?? '') ? JSON.parse(text) : undefined;
