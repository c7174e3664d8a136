import { describe, expect, it } from 'vitest';
import { defaultModel } from '../../../src/domain/scoring/default-model.ts';
import type { Booted } from '../support.ts';
import { allFacts, as, asRoot, boot, newProject } from '../support.ts';

const rule = { id: 'visit', when: { eventType: 'visit' }, points: 3 };

const about = async (served: Booted) => {
  const { projectId, apiKey } = await newProject(served);
  const url = `/api/projects/${projectId}/scoring-model`;
  return {
    projectId,
    read: (rest = '') => served.app.inject({ url: `${url}${rest}`, headers: as(apiKey) }),
    rollback: (body: object, headers: Readonly<Record<string, string>> = {}) =>
      served.app.inject({
        method: 'POST',
        url: `${url}/rollback`,
        payload: body,
        headers: { ...('authorization' in headers ? {} : asRoot), ...headers },
      }),
    publish: (model: object, headers: Readonly<Record<string, string>> = {}) =>
      served.app.inject({ method: 'PUT', url, headers: { ...asRoot, ...headers }, payload: model }),
  };
};

describe('a scoring model', () => {
  it('is the default one at first, and can be sent back as it was read', async () => {
    await using served = await boot();
    const { projectId, read, publish } = await about(served);
    const { version, ...model } = (await read()).json();
    expect(version).toBe(1);
    const unchanged = await publish({ version, ...model });
    expect(unchanged.json()).toEqual({ version: 1 });
    const changed = await publish({ version, ...model, qualificationThreshold: 80 });
    expect(changed.json()).toEqual({ version: 2, jobId: `${projectId}.rescore-2` });
    expect(changed.headers).toMatchObject({ 'leadfold-position': '4', etag: '"3"' });
    expect((await read()).json()).toMatchObject({ version: 2, qualificationThreshold: 80 });
  });

  it('is kept when it was changed since it was read', async () => {
    await using served = await boot();
    const { read, publish } = await about(served);
    const { etag = '' } = (await read()).headers;
    expect((await publish({ engagement: [rule] }, { 'if-match': etag })).statusCode).toBe(200);
    const stale = await publish({ engagement: [{ ...rule, points: 4 }] }, { 'if-match': etag });
    expect(stale.json()).toMatchObject({ status: 412, code: 'stale-revision' });
    expect((await read()).json()).toMatchObject({ version: 2, engagement: [{ id: 'visit' }] });
  });

  it.each(['"2"', 'W/"2"', '2', '*'])('is published with If-Match: %s', async (match) => {
    await using served = await boot();
    const { publish } = await about(served);
    expect((await publish({ engagement: [rule] }, { 'if-match': match })).statusCode).toBe(200);
  });

  it.each(['"a"', '"1', '-1', '"1", "2"', ''])('is refused with If-Match: %s', async (match) => {
    await using served = await boot();
    const { publish } = await about(served);
    const answer = await publish({ engagement: [rule] }, { 'if-match': match });
    expect(answer.json()).toMatchObject({ status: 400, code: 'invalid-header' });
  });

  it('sent again with its Idempotency-Key answers as before, though its If-Match is stale by now', async () => {
    await using served = await boot();
    const { read, publish } = await about(served);
    const headers = { 'if-match': (await read()).headers.etag ?? '', 'idempotency-key': 'm1' };
    const first = await publish({ engagement: [rule] }, headers);
    await publish({ engagement: [{ ...rule, points: 4 }] });
    const again = await publish({ engagement: [rule] }, headers);
    expect({ statusCode: again.statusCode, body: again.body, etag: again.headers.etag }).toEqual({
      statusCode: 200,
      body: first.body,
      etag: first.headers.etag,
    });
    expect((await read()).json()).toMatchObject({ version: 3, engagement: [{ points: 4 }] });
    expect(await allFacts(served.store)).toHaveLength(5);
  });

  it.each([
    [
      { engagement: [{ ...rule, when: { eventType: 'v', where: [{ property: 'p', op: 'like', value: 1 }] } }] },
      '/engagement/0/when/where/0/op',
      'contains',
    ],
    [{ fit: [{ id: 'f', when: { trait: 't', op: 'in', value: 'x' }, points: 1 }] }, '/fit/0/when/value', 'list'],
    [
      { fit: [{ id: 'f', when: { all: [{ trait: 'country', op: 'eq', value: 'Mordor' }] }, points: 1 }] },
      '/fit/0/when/all/0/value',
      'no country',
    ],
    [
      { engagement: [{ ...rule, decay: { halfLifeDays: -1 } }] },
      '/engagement/0/decay/halfLifeDays',
      'must be more than 0',
    ],
    [{ engagement: [{ ...rule, decay: {} }] }, '/engagement/0/decay/halfLifeDays', 'is missing'],
    [{ engagement: [{ ...rule, colour: 'red' }] }, '/engagement/0/colour', 'leave it out'],
    [{ groups: { 'a/b': { cap: 1 } } }, '/groups/a~1b', 'is no name that is allowed here'],
    [{ engagement: [rule], floor: 5, cap: 1, qualificationThreshold: 1 }, '/floor', 'above the cap'],
    [{}, '/engagement', 'without rules'],
    [{ engagement: [], fit: [] }, '/engagement', 'without rules'],
    [{ engagement: [rule], cap: 59.99 }, '/qualificationThreshold', 'Above the cap of 59.99'],
    [{ engagement: [rule], stages: [{ name: 'a', from: 1 }] }, '/stages/0/from', 'floor of 0'],
    [{ engagement: [rule], floor: -5, stages: [{ name: 'a', from: -4 }] }, '/stages/0/from', 'floor of -5'],
    [{ engagement: [rule], note: 'x'.repeat(501) }, '/note', '500'],
    [[], '', 'must be an object, is a list'],
  ])('is refused when it makes no sense: %j', async (model, pointer, detail) => {
    await using served = await boot();
    const { publish } = await about(served);
    const answer = await publish(model);
    expect(answer.statusCode).toBe(400);
    expect(answer.json().errors).toEqual([{ pointer, detail: expect.stringContaining(detail) }]);
  });

  it.each([
    [{ engagement: [rule], cap: 60 }],
    [{ engagement: [rule], floor: -5 }],
    [{ engagement: [rule], floor: -5, stages: [{ name: 'a', from: -5 }] }],
    [{ fit: [{ id: 'f', when: { trait: 't', op: 'exists' }, points: 1 }] }],
  ])('is taken when it just makes sense: %j', async (model) => {
    await using served = await boot();
    const { publish } = await about(served);
    expect((await publish(model)).statusCode).toBe(200);
  });

  it('says in its versions who published it and what they noted', async () => {
    await using served = await boot();
    const { read, publish } = await about(served);
    await publish({ engagement: [rule], note: ' Spring campaign ' });
    const { data } = (await read('/versions')).json();
    expect(data.map(({ publishedBy, note }: Record<string, unknown>) => [publishedBy, note])).toEqual([
      ['root', 'Spring campaign'],
      ['root', undefined],
    ]);
    expect((await read()).json()).not.toHaveProperty('note');
    // A version is sent back as it was read.
    expect((await publish({ engagement: [{ ...rule, points: 9 }] })).json().version).toBe(3);
    expect((await publish(data[0])).json().version).toBe(4);
    expect((await read('/versions/4')).json()).toEqual({ ...data[0], version: 4 });
    expect((await publish((await read('/versions/4')).json())).json()).toEqual({ version: 4 });
  });

  it('is put in force again by its version, as a new one', async () => {
    await using served = await boot();
    const { projectId, read, publish, rollback } = await about(served);
    await publish({ engagement: [rule] });
    const back = await rollback({ version: 1 });
    expect(back.json()).toEqual({ version: 3, jobId: `${projectId}.rescore-3` });
    const [newest, , first] = (await read('/versions')).json().data;
    expect(newest).toMatchObject({ version: 3, restores: 1, publishedBy: 'root', model: first.model });
    expect((await rollback({ version: 1 })).json()).toEqual({ version: 3 });
    expect((await rollback({ version: 9 })).json().code).toBe('not-found');
    expect((await rollback({ version: 0 })).json().errors).toMatchObject([{ pointer: '/version' }]);
    expect((await rollback({ version: 2 }, { 'if-match': '"1"' })).json().code).toBe('stale-revision');
    expect((await rollback({ version: 2 }, as((await newProject(served)).apiKey))).statusCode).toBe(404);
  });

  it('that is more than one may be by now is not put in force again', async () => {
    await using served = await boot();
    const { projectId, publish, rollback } = await about(served);
    const model = { ...defaultModel, engagement: Array.from({ length: 501 }, (_, at) => ({ ...rule, id: `r${at}` })) };
    const [id, metadata] = [crypto.randomUUID(), { commandId: 'c', correlationId: 'c', causationId: 'c' }];
    const data = { version: 2, model, publishedAt: '2026-03-01T12:00:00.000Z' };
    const revision = (await allFacts(served.store)).length - 1;
    await served.store.append(`project-${projectId}`, revision, [
      { type: 'ScoringModelPublished', data, id, metadata },
    ]);
    await publish({ engagement: [rule] });
    const answer = (await rollback({ version: 2 })).json();
    expect(answer).toMatchObject({ status: 400, errors: [{ pointer: '/version' }] });
    expect(answer.detail).toContain('Version 2 is more than a model may be by now');
  });

  it('is kept in every version', async () => {
    await using served = await boot();
    const { read, publish } = await about(served);
    await publish({ engagement: [rule] });
    const { data, nextCursor } = (await read('/versions')).json();
    expect(data.map(({ version }: { version: number }) => version)).toEqual([2, 1]);
    expect(data[0]).toMatchObject({
      publishedAt: '2026-03-01T12:00:00.000Z',
      model: { engagement: [{ id: 'visit' }] },
    });
    expect(nextCursor).toBeNull();
    const first = (await read('/versions?limit=1')).json();
    expect(first.data).toEqual([data[0]]);
    const rest = (await read(`/versions?limit=1&cursor=${encodeURIComponent(first.nextCursor)}`)).json();
    expect(rest).toMatchObject({ data: [data[1]], nextCursor: null });
    expect((await read('/versions?limit=0')).statusCode).toBe(400);
    expect((await read('/versions/1')).json()).toEqual(data[1]);
    expect((await read('/versions/3')).statusCode).toBe(404);
    expect((await read('/versions/x')).statusCode).toBe(400);
  });

  it('is found by its version wherever in the stream it was published, and read alone', async () => {
    await using served = await boot();
    const { projectId, read, publish } = await about(served);
    const keysOf = { method: 'POST', url: `/api/projects/${projectId}/keys`, headers: asRoot } as const;
    for (const points of [1, 2, 3, 4]) {
      await served.app.inject({ ...keysOf, payload: { name: `Key ${points}`, scopes: ['leads:read'] } });
      await publish({ engagement: [{ ...rule, points }] });
    }
    const seen: (readonly [number, unknown])[] = [];
    let cursor = '';
    do {
      const { data, nextCursor } = (await read(`/versions?limit=2${cursor}`)).json();
      for (const { version, model } of data) seen.push([version, model.engagement[0]?.points]);
      cursor = nextCursor === null ? '' : `&cursor=${encodeURIComponent(nextCursor)}`;
    } while (cursor !== '');
    expect(seen.map(([version]) => version)).toEqual([5, 4, 3, 2, 1]);
    expect(seen.slice(0, 4).map(([, points]) => points)).toEqual([4, 3, 2, 1]);
    expect((await read('/versions/3')).json()).toMatchObject({ version: 3, model: { engagement: [{ points: 2 }] } });
  });

  it('ends a page of versions where the models are large, and goes on with the next page', async () => {
    await using served = await boot();
    const { projectId, read } = await about(served);
    const noon = '2026-03-01T12:00:00.000Z';
    const engagement = Array.from({ length: 500 }, (_, at) => ({ ...rule, id: `rule-${at}-${'x'.repeat(50)}` }));
    const model = { ...defaultModel, engagement };
    const fit = Math.floor(2_097_152 / JSON.stringify({ version: 100, model, publishedAt: noon }).length);
    const metadata = { commandId: 'c', correlationId: 'c', causationId: 'c' };
    const publishedAt = noon;
    // As a log may have them from before there were bounds.
    await served.store.append(
      `project-${projectId}`,
      (await allFacts(served.store)).length - 1,
      Array.from({ length: fit + 1 }, (_, at) => ({
        type: 'ScoringModelPublished',
        data: { version: at + 2, model, publishedAt },
        id: crypto.randomUUID(),
        metadata,
      })),
    );
    const page = (await read('/versions?limit=200')).json();
    expect(page.data.length).toBe(fit);
    const rest = (await read(`/versions?limit=200&cursor=${encodeURIComponent(page.nextCursor)}`)).json();
    expect(rest.data.map(({ version }: { version: number }) => version)).toEqual([2, 1]);
    expect(rest.nextCursor).toBeNull();
  });
});
