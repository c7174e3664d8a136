import fc from 'fast-check';
import { afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { openStreams } from '../../src/api/routes/stream.ts';
import { appOfFile, openTestApp } from '../support/app.ts';
import type { TestApp } from '../support/app.ts';
import type { Json, Project } from '../support/client.ts';
import { mustBe } from '../support/client.ts';
import { memberOf } from '../support/members.ts';
import { sendingHere, withEndpoints } from '../support/endpoints.ts';
import type { Reading } from '../support/event-stream.ts';
import { readStream } from '../support/event-stream.ts';
import { salesOf } from '../support/sales.ts';
import { startEventStoreStandin } from '../support/eventstoredb-standin.ts';
import { startMongoStandin } from '../support/mongodb-standin.ts';
import { startServer } from '../support/server-process.ts';
import { masterKey } from '../support/stand-in-processes.ts';
import { openReceiver } from '../support/webhook-receiver.ts';

const app = appOfFile();
const listening = { url: '' };
const listen = async (over: TestApp): Promise<string> => over.app().http.listenAt({ port: 0, host: '127.0.0.1' });
beforeAll(async () => {
  listening.url = await listen(app());
});
const open: { readings: Reading[] } = { readings: [] };
afterEach(() => {
  for (const reading of open.readings.splice(0)) reading.drop();
  vi.useRealTimers();
});

type Asked = NonNullable<Parameters<typeof readStream>[2]>;
const read = async ({ apiKey }: Project, asked: Asked = {}, url = listening.url): Promise<Reading> => {
  const reading = await readStream(url, apiKey, asked);
  open.readings.push(reading);
  if (reading.status === 200) await reading.until(({ blocks }) => blocks.length > 0);
  return reading;
};

/** What the feed has, up to its end. */
const feed = async (project: Project, query = '', after = ''): Promise<readonly Json[]> => {
  const all: Json[] = [];
  for (let next = after; ;) {
    const path = `/api/feed?limit=200${query}${next === '' ? '' : `&after=${encodeURIComponent(next)}`}`;
    const { body } = mustBe(await project.request('GET', path), 200);
    all.push(...body.data);
    if (body.data.length === 0 && body.next === next) return all;
    next = body.next;
  }
};
const has = (type: string) => (reading: Reading) => reading.told().some((told: Json) => told.type === type);
const view = (userId: string) => ({ userId, eventType: 'page_view' });

describe('The stream', () => {
  it('tells what happens from now on, as the feed does, with a cursor of the feed and the type', async () => {
    const { project, qualify } = await salesOf(app());
    await qualify({ userId: 'ada' });
    const before = await feed(project);
    const reading = await read(project);
    expect([reading.status, reading.headers['content-type']]).toEqual([200, 'text/event-stream; charset=utf-8']);
    expect(reading.headers).toMatchObject({ 'cache-control': 'no-store', 'x-accel-buffering': 'no' });
    await qualify({ userId: 'bob' });
    const expected = (await feed(project)).slice(before.length);
    await reading.until(({ told }) => told().length >= expected.length);
    expect(reading.told()).toEqual(expected);
    for (const { id = '', event, data } of reading.blocks.filter((block) => block.data !== undefined)) {
      expect(event).toBe(data.type);
      const path = `/api/feed?after=${encodeURIComponent(id)}&limit=200`;
      const { body } = await project.request('GET', path);
      expect(body.data).toEqual(expected.filter(({ position }: Json) => position > data.position));
    }
  });

  it('goes on after the cursor of a feed, or of an event, with what was missed', async () => {
    const { project, qualify } = await salesOf(app());
    const { body: empty } = await project.request('GET', '/api/feed');
    await qualify({ userId: 'ada' });
    const all = await feed(project);
    const reading = await read(project, { last: empty.next });
    await reading.until(({ told }) => told().length === all.length);
    expect(reading.told()).toEqual(all);
    const middle = reading.blocks.findLast(({ event }) => event === 'lead.captured');
    const rest = await read(project, { last: middle?.id });
    const expected = all.filter(({ position }: Json) => position > middle?.data.position);
    await rest.until(({ told }) => told().length === expected.length);
    expect(rest.told()).toEqual(expected);
  });

  it('tells some types, or of one lead, where that is asked for', async () => {
    const { project, qualify } = await salesOf(app());
    const ada = mustBe(await project.send(view('ada')), 202).body.leadId;
    const [qualified, ofAda] = [
      await read(project, { query: '?types=lead.qualified' }),
      await read(project, { query: `?leadId=${ada}` }),
    ];
    await qualify({ userId: 'bob' });
    await qualify({ userId: 'ada' });
    await qualified.until(({ told }) => told().length === 2);
    await ofAda.until(has('lead.qualified'));
    expect(qualified.told().map(({ type }: Json) => type)).toEqual(['lead.qualified', 'lead.qualified']);
    expect(new Set(ofAda.told().map(({ data }: Json) => data.leadId))).toEqual(new Set([ada]));
  });

  it('is of one project, and takes no cursor of another', async () => {
    const [one, two] = [await salesOf(app(), 'One'), await salesOf(app(), 'Two')];
    const [first, second] = [await read(one.project), await read(two.project)];
    await one.qualify({ userId: 'ada' });
    await two.qualify({ userId: 'bob' });
    await Promise.all([first.until(has('lead.qualified')), second.until(has('lead.qualified'))]);
    expect(new Set(second.told().map(({ data }: Json) => data.projectId))).toEqual(new Set([two.project.projectId]));
    const refused = await read(two.project, { last: first.lastId() });
    expect(refused.status).toBe(400);
    expect((await read({ ...two.project, apiKey: 'nobody' })).status).toBe(401);
    expect((await read(two.project, { query: '?types=all' })).status).toBe(400);
  });

  it('tells endpoints the same under the same ids', async () => {
    await using receiver = await openReceiver((_request, _incoming, response) => response.writeHead(204).end());
    await using sending = await openTestApp({ env: sendingHere() });
    const { project, add, qualify } = await withEndpoints(sending);
    await add(receiver.port, { types: ['lead.qualified', 'lead.captured'] });
    const reading = await read(project, { query: '?types=lead.qualified,lead.captured' }, await listen(sending));
    await qualify({ userId: 'ada' });
    await reading.until(has('lead.qualified'));
    const delivered = receiver.received.map(({ body }) => JSON.parse(body.toString()));
    expect(delivered).toEqual(reading.told());
    expect(await feed(project, '&types=lead.qualified,lead.captured')).toEqual(reading.told());
  });

  it('has no gap and no repeat, however often it breaks, while others write', async () => {
    const { project } = await salesOf(app());
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(6), { minLength: 1, maxLength: 6 }), async (breaks) => {
        const begin = await read(project);
        const last = begin.lastId();
        const seen: Json[] = [];
        const writing = (async () => {
          for (let n = 0; n < 10; n++) mustBe(await project.send(view(`u${n % 4}`)), 202);
        })();
        let from = last;
        begin.drop();
        for (const count of breaks) {
          const reading = await read(project, { last: from });
          await Promise.race([reading.until(({ told }) => told().length >= count), writing]);
          reading.drop();
          await reading.ended;
          seen.push(...reading.told());
          from = reading.lastId() ?? from;
        }
        await writing;
        // A lead that qualifies is routed, which is told too.
        await app().settled();
        const expected = await feed(project, '', last);
        const rest = await read(project, { last: from });
        await rest.until(({ told }) => seen.length + told().length >= expected.length);
        expect([...seen, ...rest.told()].map(({ id }: Json) => id)).toEqual(expected.map(({ id }: Json) => id));
      }),
      { numRuns: 15 },
    );
  });

  it('sends a comment every 15 s, from which it goes on as well', async () => {
    const { project } = await salesOf(app());
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const reading = await read(project);
    const [first] = reading.blocks;
    expect(first).toMatchObject({ comment: expect.any(String), id: expect.any(String) });
    vi.advanceTimersByTime(14_999);
    const other = await salesOf(app(), 'Other');
    await other.qualify({ userId: 'ada' });
    expect(reading.blocks).toHaveLength(1);
    vi.advanceTimersByTime(1);
    await reading.until(({ blocks }) => blocks.length === 2);
    expect(reading.blocks[1]).toMatchObject({ comment: expect.any(String), id: expect.any(String) });
    expect(reading.blocks[1]?.id).not.toBe(first?.id);
  });

  it('ends when the key is revoked, and no other', async () => {
    const { project, ask, path } = await salesOf(app());
    const { key, keyId } = mustBe(await ask('POST', `${path}/keys`, { name: 'crm', scopes: ['leads:read'] }), 201).body;
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const [revoked, kept] = [await read({ ...project, apiKey: key }), await read(project)];
    mustBe(await ask('DELETE', `${path}/keys/${keyId}`), 200, 204);
    vi.advanceTimersByTime(5_000);
    expect(await revoked.ended).toBe(true);
    expect(revoked.blocks.at(-1)?.comment).toContain('key');
    await project.send(view('ada'));
    await kept.until(has('lead.captured'));
  });

  it('ends for a person who is removed or signs out, and no other, within 2 s', async () => {
    const { project } = await salesOf(app());
    const { projectId } = project;
    const inside = app().app();
    const persons = [];
    for (const name of ['ada', 'bob', 'cyd'])
      persons.push(await memberOf(inside, { projectId, email: `${name}@example.com`, role: 'analyst' }));
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const query = `?projectId=${projectId}`;
    const tokens = await Promise.all(persons.map((person) => person.signIn()));
    const keys = tokens.map(({ authorization }) => authorization.replace('Bearer ', ''));
    const [removed, over, kept] = await Promise.all(keys.map((apiKey) => read({ ...project, apiKey }, { query })));
    mustBe(await project.asRoot('DELETE', `/api/projects/${projectId}/members/${persons[0]?.personId}`), 204);
    mustBe(await app().transport({ method: 'POST', path: '/api/auth/logout', headers: tokens[1] ?? {} }), 204);
    vi.advanceTimersByTime(500);
    expect([await removed?.ended, await over?.ended]).toEqual([true, true]);
    await project.send(view('ada'));
    await kept?.until(has('lead.captured'));
  });

  it('is open so often for a project and no more, and often for others', async () => {
    const [one, two] = [await salesOf(app(), 'One'), await salesOf(app(), 'Two')];
    const readings = await Promise.all(Array.from({ length: openStreams.ofProject }, () => read(one.project)));
    const refused = await read(one.project);
    expect([refused.status, refused.headers['retry-after']]).toEqual([429, '5']);
    expect((await read(two.project)).status).toBe(200);
    await one.project.send(view('ada'));
    await Promise.all(readings.map((reading) => reading.until(has('lead.scored'))));
    const [first] = readings;
    first?.drop();
    await vi.waitFor(async () => expect((await read(one.project)).status).toBe(200), { timeout: 10_000 });
  });

  it('has no HEAD', async () => {
    const { project } = await salesOf(app());
    expect((await project.request('HEAD', '/api/stream')).status).toBe(405);
  });
});

it('A reader that is too slow is dropped and told so, holds up nobody, and misses nothing when it comes again', async () => {
  const { project } = await salesOf(app());
  const [slow, fast] = [await read(project), await read(project)];
  slow.pause();
  const traits = Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`t${at}`, 'x'.repeat(1_000)]));
  const scored = ({ told }: Reading) => told().filter(({ type }: Json) => type === 'lead.scored').length;
  // What the system takes for a connection comes before what waits in the process.
  for (let round = 1; round <= 6; round++) {
    const people = Array.from({ length: 100 }, (_, at) => ({ ...view(`u${round}-${at}`), traits }));
    mustBe(await project.batch(people), 200);
    await fast.until((reading) => scored(reading) === round * people.length);
  }
  slow.resume();
  expect(await slow.ended).toBe(true);
  expect(slow.blocks.at(-1)?.comment).toContain('Last-Event-ID');
  const all = await feed(project);
  expect(slow.told().length).toBeLessThan(all.length);
  const rest = await read(project, { last: slow.lastId() });
  await rest.until(({ told }) => slow.told().length + told().length >= all.length);
  expect([...slow.told(), ...rest.told()].map(({ id }: Json) => id)).toEqual(all.map(({ id }: Json) => id));
}, 60_000);

it('A server that is asked to stop ends its streams, and the next one goes on where they were', async () => {
  await using server = await startServer();
  const project = await server.project();
  const reading = await read(project, {}, server.url());
  mustBe(await project.send(view('ada')), 202);
  await reading.until(has('lead.scored'));
  const waiting = project.request('GET', `/api/feed?after=${encodeURIComponent(reading.lastId() ?? '')}&wait=30`);
  const listeners = async () =>
    (await server.root('GET', '/metrics')).text.match(/^leadfold_feed_listeners\S* (\d)/m)?.[1];
  while ((await listeners()) !== '2') expect(reading.blocks).not.toEqual([]);
  const { code, took } = await server.stop();
  expect([code, await reading.ended]).toEqual([0, true]);
  expect(took).toBeLessThan(10_000);
  expect(reading.blocks.at(-1)?.comment).toContain('stops');
  expect((await waiting).body).toMatchObject({ data: [] });
  await server.start();
  mustBe(await project.send(view('bob')), 202);
  const rest = await read(project, { last: reading.lastId() }, server.url());
  await rest.until(has('lead.scored'));
  expect([...reading.told(), ...rest.told()]).toEqual(await feed(project));
}, 60_000);

it('A stream breaks in one process and goes on in another, whichever of them takes what happens', async () => {
  const [events, documents] = [await startEventStoreStandin(), await startMongoStandin()];
  onTestFinished(async () => {
    await events.stop();
    await documents.stop();
  });
  const env = {
    EVENT_STORE: `${events.url}&defaultDeadline=20000`,
    READ_MODELS: `${documents.url}/leadfold`,
    LEADFOLD_MASTER_KEY: masterKey,
  };
  await using one = await openTestApp({ env });
  await using two = await openTestApp({ env: { ...env, LEADFOLD_ROLE: 'api' } });
  const urls = [await listen(one), await listen(two)];
  const project = await one.project();
  const other = two.known(project.projectId, project.apiKey);
  const seen: Json[] = [];
  let last: string | undefined;
  for (let round = 0; round < 6; round += 1) {
    const reading = await read(project, { last }, urls[round % 2]);
    const writer = round % 3 === 0 ? project : other;
    mustBe(await writer.send(view(`u${round}`)), 202);
    await reading.until(({ told }) => told().some(({ type }: Json) => type === 'lead.scored'));
    reading.drop();
    await reading.ended;
    seen.push(...reading.told());
    last = reading.lastId();
    mustBe(await writer.send(view(`between-${round}`)), 202);
  }
  const rest = await feed(other, '', last);
  expect([...seen, ...rest]).toEqual(await feed(project));
});
