import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { queryIn } from '../../../src/api/http/query.ts';
import { ownWords } from '../../../src/api/http/words.ts';
import { asRoot, boot, newProject } from '../support.ts';

const schema = z.object({
  minScore: z.coerce.number().optional(),
  sort: z.enum(['score', '-score']).optional(),
  profile: z.record(z.string(), z.string()).optional(),
});

describe('a query', () => {
  it.each([
    ['minScor', 'minScore'],
    ['MINSCORE', 'minScore'],
    ['sorted', 'sort'],
  ])('that asks for %s is refused, naming %s', (name, meant) => {
    const { errors } = queryIn(schema, { [name]: '1' });
    expect(errors).toEqual([{ pointer: `/${name}`, detail: expect.stringContaining(`did you mean ${meant}?`) }]);
  });

  it('whose name is like none is told which there are', () => {
    const [error] = queryIn(schema, { colour: 'red' }).errors;
    expect(error?.detail).toBe('is not known (known are minScore, sort, profile.<name>)');
  });

  it('where nothing can be asked is refused', () => {
    expect(queryIn(z.object({}), { from: 'x' }).errors).toEqual([
      { pointer: '/from', detail: expect.stringContaining('leave it out') },
    ]);
  });

  it('has the members of a record as name.member, whatever their names', () => {
    const given = { 'profile.country': 'DE', 'profile.address.city': 'Bonn', 'profile.constructor': 'x' };
    const { query, errors } = queryIn(schema, given);
    expect(errors).toEqual([]);
    expect(Object.entries(query['profile'] ?? {})).toEqual([
      ['country', 'DE'],
      ['address.city', 'Bonn'],
      ['constructor', 'x'],
    ]);
    expect(queryIn(schema, { 'profile.__proto__': 'DE' }).errors).toHaveLength(1);
    expect(queryIn(schema, { profile: 'DE' }).errors).toHaveLength(1);
    expect(queryIn(schema, { 'sort.x': 'DE' }).errors).toHaveLength(1);
  });

  it('is refused at what every object has', () => {
    expect(queryIn(schema, { constructor: 'x' }).errors).toHaveLength(1);
    expect(queryIn(schema, { toString: 'x' }).errors).toHaveLength(1);
  });

  it('with very many and very long names is refused as fast', () => {
    const given = Object.fromEntries(Array.from({ length: 5_000 }, (_, n) => [`${'x'.repeat(10_000)}${n}`, '1']));
    const { errors } = queryIn(schema, given);
    expect(errors).toHaveLength(20);
    expect(errors[0]?.pointer.length).toBeLessThan(70);
  });
});

const said = (type: z.ZodType, value: unknown): readonly string[] =>
  z
    .object({ it: type })
    .safeParse({ it: value }, { error: ownWords })
    .error?.issues.map(({ message }) => message) ?? [];

describe('What does not fit is told in words of our own', () => {
  it.each<[z.ZodType, unknown, string]>([
    [z.string(), undefined, 'is missing'],
    [z.enum(['a', 'b']), undefined, 'is missing'],
    [z.union([z.string(), z.number()]), undefined, 'is missing'],
    [z.string(), 7, 'must be text, is 7'],
    [z.string(), ['a', 'b'], 'must be text, is a list'],
    [z.number(), 'x', 'must be a number, is text'],
    [z.coerce.number(), 'x', 'must be a number'],
    [z.int(), 1.5, 'must be a whole number, is 1.5'],
    [z.array(z.string()), null, 'must be a list, is null'],
    [z.record(z.string(), z.string()), [], 'must be an object, is a list'],
    [z.string().min(1), '', 'is empty; give it a value'],
    [z.string().max(2), 'abc', 'is 3 characters long; at most 2 are allowed'],
    [z.number().min(1), 0, 'must be at least 1'],
    [z.number().max(1), 2, 'must be at most 1'],
    [z.number().gt(1), 1, 'must be more than 1'],
    [z.array(z.int()).max(1), [1, 2], 'has 2 members; at most 1 are allowed'],
    [z.enum(['a', 'b']), 'c', 'must be one of a, b'],
    [z.literal('a'), 'c', 'must be "a"'],
    [z.number().multipleOf(0.5), 0.7, 'must be a multiple of 0.5'],
    [z.iso.datetime(), 'x', 'must be a time as ISO 8601 has it, with a zone, such as 2026-03-01T12:00:00Z'],
    [z.email(), 'x', 'must be an e-mail address'],
    [z.string().regex(/^a$/), 'b', 'is not written as it must be'],
    [z.string().regex(/^a$/, 'is a'), 'b', 'is a'],
  ])('%#', (type, value, words) => {
    expect(said(type, value)).toEqual([words]);
  });
});

describe('Every route', () => {
  it.each([
    ['GET', '/api/leads?stag=hot', '/stag', 'did you mean stage?'],
    ['GET', '/api/analytics/dashboard?from=2026-01-01', '/from', 'leave it out'],
    ['HEAD', '/api/leaderboard?first=5', undefined, undefined],
    ['POST', '/api/projects?dryRun=true', '/dryRun', 'leave it out'],
  ] as const)('refuses what cannot be asked there: %s %s', async (method, url, pointer, detail) => {
    await using served = await boot();
    const headers = { ...asRoot, 'x-project-id': (await newProject(served)).projectId };
    const answer = await served.app.inject({
      method,
      url,
      headers: method === 'POST' ? asRoot : headers,
      ...(method === 'POST' && { payload: { name: 'Acme' } }),
    });
    expect(answer.statusCode).toBe(400);
    if (pointer === undefined) return;
    expect(answer.json().errors).toEqual([{ pointer, detail: expect.stringContaining(detail) }]);
  });

  it('takes what senders of events add to the address', async () => {
    await using served = await boot();
    const { apiKey } = await newProject(served);
    const payload = { userId: 'ada', eventType: 'signup' };
    const headers = { authorization: `Bearer ${apiKey}` };
    const answer = await served.app.inject({ method: 'POST', url: '/api/events?utm=x', headers, payload });
    expect(answer.statusCode).toBe(202);
  });
});
