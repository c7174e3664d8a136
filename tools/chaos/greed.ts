import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { brotliCompressSync, gzipSync } from 'node:zlib';

/** Whom the greedy one asks, as whom, and how much of everything it wants: 1, or less in a small run. */
export type Prey = {
  readonly url: string;
  readonly projectId: string;
  /** A key of its own project that may do everything there. */
  readonly key: string;
  readonly share: number;
};

/** How often each status was the answer; 0 for no answer. */
export type Statuses = Map<number, number>;

/** How long a greedy client waits for an answer, and goes on in one way, in ms. */
const [patience, appetite] = [60_000, 15_000];

type Sending = Omit<RequestInit, 'body'> & { readonly body?: string | Uint8Array<ArrayBuffer> };

const asking =
  ({ url }: Prey, statuses: Statuses) =>
  async (path: string, init: Sending) => {
    const signal = AbortSignal.timeout(patience);
    const answer = await fetch(`${url}${path}`, { ...init, signal }).catch(() => undefined);
    const status = answer?.status ?? 0;
    await answer?.arrayBuffer().catch(() => undefined);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    return status;
  };
type Ask = ReturnType<typeof asking>;

/** What an attack has: it asks as it likes, or with the key and JSON; `many` is a count of things, at least one. */
type Means = {
  readonly prey: Prey;
  readonly ask: Ask;
  readonly send: (method: string, path: string, body: unknown) => Promise<number>;
  readonly read: (path: string, headers?: Readonly<Record<string, string>>) => Promise<number>;
  readonly many: (count: number) => number;
};

const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, n) => make(n));

const inParallel = async (parallel: number, count: number, each: (n: number) => Promise<unknown>): Promise<void> => {
  const next = { n: 0 };
  const end = performance.now() + appetite;
  await Promise.all(
    times(parallel, async () => {
      while (next.n < count && performance.now() < end) await each(next.n++);
    }),
  );
};

const json = { 'content-type': 'application/json' };
const mib = 1024 * 1024;
const packed = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(brotliCompressSync(text));

const writeKeys = ({ ask, many }: Means) =>
  inParallel(8, many(250), (n) => {
    const body = new Uint8Array(gzipSync(`{"event":"x","writeKey":"${`${n}-`.repeat((3.9 * mib) / `${n}-`.length)}"}`));
    return ask('/v1/track', { method: 'POST', headers: { ...json, 'content-encoding': 'gzip' }, body });
  });

const bombs = ({ ask, many }: Means) => {
  const texts = [
    () => `[${'1,'.repeat(2 * mib - 10)}1]`,
    () => `{"batch":[${'{},'.repeat(mib)}{}]}`,
    () => '['.repeat(4 * mib - 10),
    () => `{"writeKey":"x","a":"${'x'.repeat(60 * mib)}"}`,
  ];
  const bodies = texts.slice(0, many(200)).map((text) => packed(text()));
  return inParallel(8, many(200), (n) => {
    const headers = { ...json, 'content-encoding': 'br' };
    return ask('/v1/batch', { method: 'POST', headers, body: bodies[n % bodies.length] ?? '' });
  });
};

const groups = (count: number) => Object.fromEntries(times(count, (n) => [`g${n}`, { cap: 9_000 }]));
const rules = (count: number, conditions: number, of: string) =>
  times(count, (n) => ({
    id: `r${n}`,
    points: 1,
    group: 'g0',
    when: {
      eventType: of,
      where: times(conditions, (c) => ({ property: `p${c}.a.b`, op: 'nin', value: [`x${n}`, `y${c}`] })),
    },
    limit: { times: 1_000, per: 'day' },
    decay: { halfLifeDays: 1 },
  }));

const settings = async ({ prey, send, many }: Means) => {
  const own = `/api/projects/${prey.projectId}`;
  for (const count of [190_000, 40_000, 5_000, 1_000, 500, 100]) {
    await inParallel(4, many(20), () => send('PUT', `${own}/scoring-model`, { groups: groups(count) }));
  }
  for (const count of [8_000, 1_000, 250]) {
    const regions = Object.fromEntries(times(count, (n) => [`region ${n}`, times(100, () => 'DE')]));
    await inParallel(4, many(10), () => send('PUT', `${own}/routing-rules`, { regions, rules: [] }));
  }
};

/** Publishes the dearest model that is taken, and has one lead with much history scored by it. */
const dearModel = async ({ prey, send, many }: Means) => {
  const models = [500, 200, 100, 50, 20, 10].map((count) => ({
    groups: groups(1),
    engagement: rules(count, 20, 'page_view'),
  }));
  for (const model of models) {
    if ((await send('PUT', `/api/projects/${prey.projectId}/scoring-model`, model)) === 200) break;
  }
  const properties = Object.fromEntries(times(20, (n) => [`p${n}`, { a: { b: 'z' } }]));
  const event = { eventType: 'page_view', userId: 'dear', properties };
  await inParallel(2, many(20), () => send('POST', '/api/events/batch', { events: times(200, () => event) }));
  await inParallel(8, many(100), () => send('POST', '/api/events/ingest', event));
};

const jobs = ({ prey, send, many }: Means) =>
  inParallel(8, many(60), () => send('POST', `/api/admin/rebuild-project/${prey.projectId}`, {}));

const waiting = ({ read, many }: Means) =>
  inParallel(300, many(2_000), () => read('/api/leads', { 'leadfold-after-position': '999999999' }));

const batches = ({ send, many }: Means) =>
  inParallel(8, many(40), (round) => {
    const properties = { text: 'x'.repeat(700) };
    const one = (n: number) => ({ eventType: 'page_view', userId: `u${round}-${n % 900}`, properties });
    return send('POST', '/api/events/batch', { events: times(4_900, one) });
  });

/** Makes a lead of as many identifiers, merges and traits as are taken, and asks how it was, many times at once. */
const wideLead = async ({ prey, ask, send, read, many }: Means) => {
  const traits = Object.fromEntries(times(400, (n) => [`trait${n}`, 'x'.repeat(60)]));
  await inParallel(4, many(30), (round) => {
    const one = (n: number) => ({ eventType: 'x', userId: 'wide', anonymousId: `w${round}-${n}` });
    return send('POST', '/api/events/batch', { events: times(100, one) });
  });
  await inParallel(4, many(300), (n) =>
    send('POST', '/api/events/ingest', { eventType: 'x', anonymousId: `young${n}` }),
  );
  await inParallel(4, many(300), (n) =>
    send('POST', '/api/events/ingest', { eventType: 'identify', userId: 'wide', anonymousId: `young${n}`, traits }),
  );
  const found = await fetch(`${prey.url}/api/leads/lookup?userId=wide`, {
    headers: { authorization: `Bearer ${prey.key}` },
  });
  const lead = /"leadId":"([^"]+)"/.exec(await found.text())?.[1] ?? 'none';
  const asOf = encodeURIComponent(new Date().toISOString());
  await inParallel(20, many(200), () => read(`/api/leads/${lead}/score?asOf=${asOf}`));
  await inParallel(8, many(40), () =>
    ask(`/api/admin/rebuild/${lead}`, { method: 'POST', headers: { authorization: `Bearer ${prey.key}` } }),
  );
};

const slowBodies = async ({ prey: { url }, many }: Means) => {
  const { hostname, port } = new URL(url);
  const head =
    'POST /v1/batch HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 4000000\r\n\r\n{"a":"';
  const sockets = times(many(400), (n) => {
    const socket = connect(Number(port), hostname);
    socket.on('error', () => socket.destroy());
    socket.write(head + 'x'.repeat(n % 2 === 0 ? 400_000 : 1));
    return socket;
  });
  for (let round = 0; round < 15; round++) {
    for (const socket of sockets) if (socket.writable) socket.write('x');
    await sleep(100);
  }
  // Half of them end in the middle, the others in the middle of a word.
  for (const [n, socket] of sockets.entries())
    if (n % 2 === 0) socket.end();
    else socket.resetAndDestroy();
};

/** The ways to take more than one's share, each by its name. */
const attacks = new Map<string, (means: Means) => Promise<unknown>>([
  ['writeKeys of 4 MiB', writeKeys],
  ['bodies that unpack to much', bombs],
  ['huge settings', settings],
  ['the dearest model', dearModel],
  ['many jobs', jobs],
  ['readers that wait', waiting],
  ['big batches at once', batches],
  ['a lead of thousands of identifiers', wideLead],
  ['slow bodies', slowBodies],
]);

/** The names of the ways to take more than one's share, in the order in which they are tried. */
export const greeds: readonly string[] = [...attacks.keys()];

/** Does its worst in one way, and says what it was answered. What it is refused is no failure. */
export const doWorst = async (name: string, prey: Prey): Promise<Statuses> => {
  const statuses: Statuses = new Map();
  const ask = asking(prey, statuses);
  const own = { authorization: `Bearer ${prey.key}` };
  await attacks.get(name)?.({
    prey,
    ask,
    send: (method, path, body) => ask(path, { method, headers: { ...own, ...json }, body: JSON.stringify(body) }),
    read: (path, headers = {}) => ask(path, { headers: { ...own, ...headers } }),
    many: (count) => Math.max(1, Math.ceil(count * prey.share)),
  });
  return statuses;
};
