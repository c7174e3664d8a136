import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { appOfFile } from '../support/app.ts';
import type { Answer, Json, Project } from '../support/client.ts';
import { bearer, mustBe } from '../support/client.ts';

const app = appOfFile();
const view = { userId: 'ada', eventType: 'page_view' };
const ingest = '/api/events/ingest';

type Wrong = { readonly status: number; readonly code: string; readonly says: RegExp; readonly pointer?: string };

/** Sends what is wrong; it must be refused with a problem that says so, and leave no fact but what was refused. */
const refused = async (send: () => Promise<Answer>, { status, code, says, pointer }: Wrong): Promise<Answer> => {
  const before = await app().recorded();
  const answer = await send();
  expect([answer.status, answer.body?.code, answer.headers['content-type']]).toEqual([
    ...[status, code, expect.stringMatching(/^application\/problem\+json\b/)],
  ]);
  expect(answer.body).toMatchObject({ status, type: `/problems#${code}`, title: expect.stringMatching(/\w/) });
  expect(answer.body.detail).toMatch(says);
  expect(answer.body.traceId).toBe(answer.headers['x-correlation-id']);
  if (pointer !== undefined) expect(answer.body.errors.map((each: Json) => each.pointer)).toContain(pointer);
  expect(await app().recorded()).toBe(before);
  return answer;
};

const invalid = { status: 400, code: 'invalid-request' } as const;

describe('An activity is refused, with a problem that says why, and only that is stored', () => {
  const cases: readonly (readonly [string, unknown, Wrong])[] = [
    ['when it is not JSON', '{"userId": "ada", ', { status: 400, code: 'invalid-json', says: /is not JSON/ }],
    ['when it is empty', '', { ...invalid, says: /must be an object, is nothing/, pointer: '' }],
    ['when it is no object', [view], { ...invalid, says: /must be an object, is a list/, pointer: '' }],
    ['when an identifier is no text', { ...view, userId: 7 }, { ...invalid, says: /must be text/, pointer: '/userId' }],
    [
      'when its type is no text',
      { ...view, eventType: {} },
      { ...invalid, says: /is an object/, pointer: '/eventType' },
    ],
    ['when it has no type', { userId: 'ada' }, { ...invalid, says: /say what happened/, pointer: '/eventType' }],
    ['when properties are a list', { ...view, properties: [] }, { ...invalid, says: /list/, pointer: '/properties' }],
    ['when it names nobody', { eventType: 'page_view' }, { ...invalid, says: /send userId, email or/, pointer: '' }],
    [
      'when its identifier means nobody',
      { userId: ' Undefined ', eventType: 'page_view' },
      { ...invalid, says: /"Undefined" does not identify anybody; send/, pointer: '/userId' },
    ],
    [
      'when one of its identifiers is no address',
      { ...view, email: 'ada' },
      { ...invalid, says: /"ada" is not an e-mail address/, pointer: '/email' },
    ],
    [
      'when an identifier is too long',
      { ...view, anonymousId: 'a'.repeat(257) },
      { ...invalid, says: /257 characters long; at most 256/, pointer: '/anonymousId' },
    ],
    [
      'when it is from the future',
      { ...view, timestamp: '2026-03-11T12:00:01Z' },
      { ...invalid, says: /more than 24 hours in the future/, pointer: '/timestamp' },
    ],
    [
      'when its time is no time',
      { ...view, timestamp: 'yesterday' },
      { ...invalid, says: /ISO 8601/, pointer: '/timestamp' },
    ],
    [
      'when its properties are too large',
      { ...view, properties: { text: 'x'.repeat(33_000) } },
      { ...invalid, says: /at most 32768 are allowed/, pointer: '/properties' },
    ],
    [
      'when its properties are too deep',
      { ...view, properties: { a: { b: { c: { d: { e: { f: { g: { h: { i: { j: { k: 1 } } } } } } } } } } } },
      { ...invalid, says: /deeper than 10 levels/, pointer: '/properties' },
    ],
    [
      'when everything about it is wrong, all of which is told',
      { userId: 'null', eventType: '', timestamp: 'x', properties: 1 },
      { ...invalid, says: /userId .*eventType .*timestamp .*properties /, pointer: '/timestamp' },
    ],
  ];
  it.each(cases)('%s', async (_, body, wrong) => {
    const project = await app().project();
    await refused(() => project.request('POST', ingest, { body }), wrong);
  });

  it('when it is of another type', async () => {
    const project = await app().project();
    await refused(() => project.request('POST', ingest, { body: '<a/>', headers: { 'content-type': 'text/xml' } }), {
      status: 415,
      code: 'unsupported-type',
      says: /application\/json/,
    });
  });
});

describe('A batch', () => {
  it('is not failed by its bad items, which are each told what is wrong', async () => {
    const project = await app().project();
    const good = (eventId: string) => ({ ...view, eventId });
    const huge = { ...good('huge'), properties: { text: 'x'.repeat(40_000) } };
    const { status, body } = await project.batch([good('e1'), huge, null, { ...good('odd'), userId: '0' }, good('e2')]);
    expect({ status, accepted: body.accepted, duplicates: body.duplicates, rejected: body.rejected }).toEqual({
      status: 200,
      accepted: 2,
      duplicates: 0,
      rejected: 3,
    });
    expect(body.results).toMatchObject([
      { index: 0, status: 'queued', eventId: 'e1' },
      { index: 1, status: 'rejected', eventId: 'huge', error: { pointer: '/events/1/properties' } },
      { index: 2, status: 'rejected', eventId: null, error: { pointer: '/events/2' } },
      { index: 3, status: 'rejected', eventId: 'odd', error: { pointer: '/events/3/userId' } },
      { index: 4, status: 'queued', eventId: 'e2' },
    ]);
    const [lead] = await project.all('/api/leads');
    expect((await project.all(`/api/leads/${lead.leadId}/timeline`)).map(({ eventId }) => eventId)).toEqual([
      'e1',
      'e2',
    ]);
  });

  it('with bad items only stores those alone', async () => {
    const project = await app().project();
    const before = await app().recorded();
    expect((await project.batch([{}, 1, []])).body).toMatchObject({ accepted: 0, rejected: 3 });
    expect(await app().recorded()).toBe(before);
  });

  it.each<[string, unknown, Wrong]>([
    ['without a list', { event: [] }, { ...invalid, says: /list/, pointer: '/events' }],
    ['of too many items', { events: Array(5_001).fill(1) }, { status: 413, code: 'too-large', says: /at most 5000/ }],
  ])('%s is refused', async (_, body, wrong) => {
    const project = await app().project();
    await refused(() => project.request('POST', '/api/events/batch', { body }), wrong);
  });
});

describe('A body that is too large is refused', () => {
  const tooLarge = { status: 413, code: 'too-large', says: /larger than 4 MiB.*several parts/ } as const;
  const big = JSON.stringify({ events: [{ ...view, properties: { text: 'x'.repeat(5 * 1024 * 1024) } }] });

  it.each(['/api/events/ingest', '/api/events/batch', '/api/events', '/v1/batch'])('at %s', async (path) => {
    const project = await app().project();
    await refused(() => project.request('POST', path, { body: big }), tooLarge);
  });

  it('also when it is small until it is unpacked', async () => {
    const project = await app().project();
    const bomb = gzipSync(JSON.stringify({ events: [{ ...view, properties: { text: 'x'.repeat(40_000_000) } }] }));
    expect(bomb.length).toBeLessThan(50_000);
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
    await refused(() => project.request('POST', '/api/events/batch', { body: bomb, headers }), tooLarge);
  });

  it('or said to be packed and is not', async () => {
    const project = await app().project();
    const headers = { 'content-encoding': 'gzip' };
    await refused(() => project.request('POST', ingest, { body: view, headers }), {
      status: 400,
      code: 'invalid-request',
      says: /does not unpack/,
    });
  });
});

describe('A key opens nothing', () => {
  const unauthorized = { status: 401, code: 'unauthorized' } as const;
  const send = (headers: Readonly<Record<string, string>>) =>
    app().transport({ method: 'POST', path: ingest, body: view, headers });

  it('when there is none', async () => {
    const answer = await refused(() => send({}), { ...unauthorized, says: /Send a key/ });
    expect(answer.headers['www-authenticate']).toContain('Bearer');
  });

  it('when nobody gave it out', async () => {
    const { projectId, apiKey } = await app().project();
    const forged = apiKey.slice(0, -1) + (apiKey.endsWith('a') ? 'b' : 'a');
    const known = { ...unauthorized, says: /not known, or it was revoked/ };
    for (const key of [forged, 'nonsense', `lf_${projectId}`]) await refused(() => send(bearer(key)), known);
  });

  it('when it was taken back', async () => {
    const { projectId } = await app().project();
    const keys = `/api/projects/${projectId}/keys`;
    const wanted = { body: { name: 'extra', scopes: ['events:write'] } };
    const { key, keyId } = mustBe(await app().root('POST', keys, wanted), 201).body;
    mustBe(await send(bearer(key)), 202);
    mustBe(await app().root('DELETE', `${keys}/${keyId}`), 204);
    await refused(() => send(bearer(key)), { ...unauthorized, says: /revoked/ });
  });

  it('of another project', async () => {
    const [mine, other] = [await app().project(), await app().project()];
    const named = { ...bearer(other.apiKey), 'x-project-id': mine.projectId };
    await refused(() => send(named), { status: 404, code: 'project-unknown', says: new RegExp(mine.projectId) });
  });

  it('that its scopes do not cover', async () => {
    const project = await app().project();
    await refused(() => project.request('PUT', `/api/projects/${project.projectId}/scoring-model`, { body: {} }), {
      status: 403,
      code: 'scope-missing',
      says: /needs the scope config:write; it has events:write, leads:read/,
    });
  });
});

describe('A query is refused', () => {
  it('with a cursor that was tampered with, or belongs to another list', async () => {
    const project = await app().project();
    const ids = ['a', 'b', 'c'];
    await project.batch(ids.map((userId) => ({ ...view, userId })));
    const { nextCursor } = await project.get('/api/leads?limit=1');
    const [place = '', seal = ''] = nextCursor.split('.');
    const forged = `${Buffer.from('[9999,"z"]').toString('base64url')}.${seal}`;
    const wrong = { status: 400, code: 'invalid-cursor', says: /nextCursor of the page before/, pointer: '/cursor' };
    for (const path of [
      ...[`/api/leads?limit=1&cursor=${forged}`, `/api/leads?limit=1&cursor=${place}`, '/api/leads?cursor=x.y.z'],
      ...[`/api/leads?limit=1&sort=score&cursor=${nextCursor}`, `/api/leads?q=a&cursor=${nextCursor}`],
    ]) {
      await refused(() => project.read(path), wrong);
    }
    const other = await app().project();
    await refused(() => other.read(`/api/leads?limit=1&cursor=${nextCursor}`), wrong);
    expect((await project.get(`/api/leads?limit=2&cursor=${nextCursor}`)).data).toHaveLength(2);
  });
});

describe('A scoring model is refused', () => {
  const put = (project: Project, body: unknown, headers = {}) =>
    project.asRoot('PUT', `/api/projects/${project.projectId}/scoring-model`, { body, headers });
  const rule = { id: 'r', when: { eventType: 'x' }, points: 1 };

  it.each<[string, unknown, string, RegExp]>([
    [
      'with an operator that nobody knows',
      { fit: [{ id: 'f', when: { trait: 'a', op: 'like', value: 'b' }, points: 1 }] },
      ...(['/fit/0/when/op', /eq.*contains/] as const),
    ],
    [
      'with a field that nobody knows',
      { engagement: [{ ...rule, pionts: 2 }] },
      '/engagement/0/pionts',
      /leave it out/,
    ],
    ['with two rules of one id', { engagement: [rule, rule] }, '/engagement', /Rule id r is used twice/],
    ['with a group that is not defined', { engagement: [{ ...rule, group: 'toString' }] }, '/groups', /not defined/],
    ['with points that are no number', { engagement: [{ ...rule, points: '5' }] }, '/engagement/0/points', /number/],
    ['that is no object', [], '', /object/],
  ])('%s', async (_, model, pointer, says) => {
    const project = await app().project();
    await refused(() => put(project, model), { ...invalid, says, pointer });
  });

  it('when it was made from one that is no longer in force', async () => {
    const project = await app().project();
    const path = `/api/projects/${project.projectId}/scoring-model`;
    const { etag = '' } = (await project.read(path)).headers;
    mustBe(await put(project, { engagement: [rule] }, { 'if-match': etag }), 200);
    await app().settled();
    await refused(() => put(project, { engagement: [{ ...rule, points: 2 }] }, { 'if-match': etag }), {
      status: 412,
      code: 'stale-revision',
      says: /Read it again, and send If-Match/,
    });
    expect((await project.get(path)).version).toBe(2);
  });
});
