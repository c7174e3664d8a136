import { beforeAll, describe, expect, it } from 'vitest';
import { appOfFile } from '../support/app.ts';
import type { Json, Project } from '../support/client.ts';
import { mustBe } from '../support/client.ts';

const app = appOfFile();
const count = 130;
const fields = ['score', 'lastActivityAt', 'firstSeenAt'] as const;

/** 130 leads of many kinds, many of them with equal scores or times, that the tests only read. */
const read: { project?: Project } = {};
const project = (): Project => {
  if (!read.project) throw new Error('The leads are there in tests only');
  return read.project;
};

beforeAll(async () => {
  const made = await app().project();
  const events = Array.from({ length: count }, (_, n) => ({
    userId: `user-${n}`,
    email: `${['ada', 'bob', 'cyd'][n % 3]}.${n}@example.com`,
    eventId: `e${n}`,
    eventType: ['page_view', 'signup', 'contract_signed', 'unheard', 'demo_request'][n % 5],
    timestamp: new Date(Date.parse('2026-03-01T00:00:00Z') + (n % 7) * 86_400_000).toISOString(),
    traits: {
      country: ['DE', 'de', 'Denmark'][n % 3],
      seats: n % 4,
      tags: n % 2 === 0 ? ['vip', 'old'] : ['new'],
      address: { city: n % 5 === 0 ? 'Bonn' : 'Ulm' },
      hidden: 'x'.repeat(300),
      company: n % 10 === 0 ? 'Analytical Engines' : 'Other',
      "50%_off'": n % 2 === 0 ? '100%_sure' : 'no',
    },
  }));
  mustBe(await made.batch(events), 200);
  await app().settled();
  read.project = made;
});

const before = (a: Json, b: Json): number => (a < b ? -1 : a > b ? 1 : 0);

describe('A list of leads', () => {
  it.each(fields.flatMap((field) => [field, `-${field}`]))(
    'sorted by %s is the same in pages of any size',
    async (sort) => {
      const whole = await project().get(`/api/leads?limit=200&sort=${sort}`);
      expect({ dataCount: whole.data.length, nextCursor: whole.nextCursor }).toEqual({
        dataCount: count,
        nextCursor: null,
      });
      const field = sort.replace('-', '');
      const rising = whole.data.toSorted(
        (a: Json, b: Json) => before(a[field], b[field]) || before(a.leadId, b.leadId),
      );
      expect(whole.data).toEqual(sort.startsWith('-') ? rising.toReversed() : rising);
      for (const limit of [1, 13, 65, 130]) {
        expect(await project().all(`/api/leads?limit=${limit}&sort=${sort}`)).toEqual(whole.data);
      }
    },
  );

  it('is sorted by score, 50 at a time, unless it is asked otherwise', async () => {
    const { data, nextCursor } = await project().get('/api/leads');
    const sorted = await project().get('/api/leads?limit=50&sort=-score');
    expect([data.length, typeof nextCursor]).toEqual([50, 'string']);
    expect(data).toEqual(sorted.data);
  });

  it.each<[string, (lead: Json) => boolean, number]>([
    ['stage=cold', ({ stage }) => stage === 'cold', 52],
    ['stage=nothing', () => false, 0],
    ['minScore=30', ({ score }) => score >= 30, 78],
    ['maxScore=29.99', ({ score }) => score < 30, 52],
    ['minScore=5&maxScore=30', ({ score }) => score >= 5 && score <= 30, 52],
    [
      'stage=qualified&minScore=60&q=cyd',
      ({ stage, identifiers }) => stage === 'qualified' && /^cyd/.test(identifiers[1].value),
      9,
    ],
    ['assignee=nobody', () => false, 0],
    ['q=ANALYT', ({ profile }) => profile.company === 'Analytical Engines', 13],
    ['q=engines', ({ profile }) => profile.company === 'Analytical Engines', 13],
    ['q=bob.1%40example.com', ({ identifiers }) => identifiers[1].value === 'bob.1@example.com', 1],
    ['q=user-12', ({ identifiers }) => /^user-12/.test(identifiers[0].value), 11],
    ['q=100%25_', ({ profile }) => profile["50%_off'"] === '100%_sure', 65],
    ['q=1__%25', () => false, 0],
    ["q='", () => false, 0],
    ['profile.country=de', ({ profile }) => profile.country.toLowerCase() === 'de', 87],
    ['profile.country=Den', () => false, 0],
    ['profile.seats=3', ({ profile }) => profile.seats === 3, 32],
    ['profile.tags=VIP', ({ profile }) => profile.tags.includes('vip'), 65],
    [
      'profile.address.city=bonn&profile.seats=0',
      ({ profile }) => profile.address.city === 'Bonn' && profile.seats === 0,
      7,
    ],
    ['profile.nothing=de', () => false, 0],
    ['profile.constructor=de', () => false, 0],
    ['q=profile', () => false, 0],
    ['q=%5B"profile', () => false, 0],
    ['source=batch', () => true, 130],
    ['source=api', () => false, 0],
    ['source=bat', () => false, 0],
    ['qualified=true&sort=-score', ({ score }) => score >= 60, 26],
    ['qualified=false', ({ score }) => score < 60, 104],
    ['firstSeenAfter=2026-03-06T00:00:00Z', ({ firstSeenAt }) => firstSeenAt >= '2026-03-06', 36],
    ['firstSeenBefore=2026-03-02T01:00:00%2B01:00', ({ firstSeenAt }) => firstSeenAt < '2026-03-02', 19],
    [
      'lastActivityAfter=2026-03-02T00:00:00Z&lastActivityBefore=2026-03-03T00:00:00Z&profile.country=denmark',
      ({ lastActivityAt, profile }) => lastActivityAt.startsWith('2026-03-02') && profile.country === 'Denmark',
      6,
    ],
    ['routing=none', ({ routing }) => routing === 'none', 104],
  ])('filtered by %s has those leads and no others, in pages too', async (query, fits, expected) => {
    const whole = await project().all('/api/leads?limit=200');
    const filtered = await project().all(`/api/leads?${query}&limit=7`);
    expect(filtered).toEqual(whole.filter(fits));
    expect(filtered).toHaveLength(expected);
  });

  it('has the total of all its pages when it is asked to count', async () => {
    const page = await project().get('/api/leads?stage=cold&limit=7&count=true');
    expect({ dataCount: page.data.length, total: page.total }).toEqual({ dataCount: 7, total: 52 });
    const next = await project().get(`/api/leads?stage=cold&limit=7&cursor=${page.nextCursor}`);
    expect(next.data).toHaveLength(7);
    expect(next).not.toHaveProperty('total');
    expect((await project().get('/api/leads?profile.country=denmark&qualified=true&count=true')).total).toBe(9);
  });

  it.each([
    'limit=0',
    'limit=201',
    'limit=x',
    'limit=1.5',
    'limit=-1',
    'sort=name',
    'minScore=much',
    'q=',
    'cursor=',
    'qualified=yes',
    'firstSeenAfter=yesterday',
    'stages=cold',
    'profile=DE',
  ])('asked for with %s is refused with what is allowed', async (query) => {
    const { status, body } = await project().read(`/api/leads?${query}`);
    expect({ status, code: body.code }).toEqual({ status: 400, code: 'invalid-request' });
    expect(body.errors[0].pointer).toBe(`/${query.split('=')[0]}`);
  });

  it('goes on where it was when leads change in between, and shows none twice', async () => {
    const own = await app().project();
    const users = Array.from({ length: 9 }, (_, n) => `user-${n}`);
    await own.batch(users.map((userId) => ({ userId, eventType: 'page_view' })));
    const first = await own.get('/api/leads?limit=4&sort=firstSeenAt');
    await own.batch(users.map((userId) => ({ userId, eventType: 'signup' })));
    const rest = await own.get(`/api/leads?limit=200&sort=firstSeenAt&cursor=${first.nextCursor}`);
    const shown = [...first.data, ...rest.data].map(({ leadId }) => leadId);
    expect([shown.length, new Set(shown).size, rest.nextCursor]).toEqual([9, 9, null]);
  });
});

describe('The other lists', () => {
  it('come in pages too: timeline, facts and projects', async () => {
    const own = await app().project();
    const { body } = await own.batch(
      Array.from({ length: 23 }, (_, n) => ({ userId: 'ada', eventType: 'page_view', eventId: `e${n}` })),
    );
    const { leadId } = body.results[0];
    for (const path of [`/api/leads/${leadId}/timeline?limit=`, `/api/leads/${leadId}/timeline?order=desc&limit=`]) {
      const whole = await own.all(`${path}200`);
      expect(whole).toHaveLength(23);
      expect(await own.all(`${path}5`)).toEqual(whole);
    }
    const facts = await own.all(`/api/leads/${leadId}/events?limit=200`);
    expect(await own.all(`/api/leads/${leadId}/events?limit=3`)).toEqual(facts);
    expect(facts.map(({ revision }) => revision)).toEqual(facts.map((_, at) => at));

    await Promise.all(Array.from({ length: 5 }, () => app().project()));
    await app().settled();
    const pages: Json[] = [];
    for (let cursor = ''; ;) {
      const page = mustBe(await app().root('GET', `/api/projects?limit=2${cursor}`), 200).body;
      pages.push(...page.data.map((each: Json) => each.projectId));
      if (page.nextCursor === null) break;
      cursor = `&cursor=${page.nextCursor}`;
    }
    const { data } = (await app().root('GET', '/api/projects?limit=200')).body;
    expect(pages).toEqual(data.map((each: Json) => each.projectId));
    expect(new Set(pages).size).toBe(pages.length);
  });
});

describe('Leadfold-After-Position', () => {
  const header = 'leadfold-after-position';

  it('makes a read wait for a write that is still to come', async () => {
    const own = await app().project();
    const head = await app().head();
    const reading = own.read('/api/leads', { [header]: String(head + 1) });
    const { body } = await own.send({ userId: 'ada', eventType: 'signup' });
    const answer = mustBe(await reading, 200);
    // The first of the facts is enough: the read did not wait for more.
    expect(answer.body.data).toMatchObject([{ leadId: body.leadId }]);
  });

  it('makes a read wait no longer than about two seconds, and then says to come back', async () => {
    const own = await app().project();
    const begun = performance.now();
    const answer = await own.read('/api/leads', { [header]: String((await app().head()) + 1_000_000) });
    const took = performance.now() - begun;
    expect({ status: answer.status, code: answer.body.code, retryAfter: answer.headers['retry-after'] }).toEqual({
      status: 503,
      code: 'not-there-yet',
      retryAfter: '1',
    });
    expect(took).toBeGreaterThan(1_900);
    expect(took).toBeLessThan(2_600);
  });

  it.each(['-1', 'x', '1.5', '1e3', ''])('can not be "%s"', async (value) => {
    const answer = await (await app().project()).read('/api/leads', { [header]: value });
    expect({ status: answer.status, code: answer.body.code }).toEqual({ status: 400, code: 'invalid-header' });
  });
});
