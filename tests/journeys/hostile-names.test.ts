import { expect, it } from 'vitest';
import { adminKey, appOfFile } from '../support/app.ts';
import type { Schema } from '../support/big-bodies.ts';
import { bodyOf } from '../support/big-bodies.ts';
import { bearer } from '../support/client.ts';
import { operationsOf, pathOf } from '../support/operations.ts';

const app = appOfFile();

/** Names and texts that a careless program takes for something else, as JSON writes them. */
const hostile: readonly string[] = [
  ...[
    '"__proto__"',
    '"constructor"',
    '"prototype"',
    '"toString"',
    '"hasOwnProperty"',
    '"valueOf"',
    '"then"',
    '"length"',
  ],
  ...[
    '"\\u0000"',
    '"a\\u0000b"',
    '"\\ud800"',
    '"\\udc00\\ud800"',
    '"\\u202eevil"',
    '"\\ufeff"',
    '"$where"',
    '"a.b"',
    '"0"',
  ],
  ...['""', '" "', '"../../etc/passwd"', '"%00"', '"\'; DROP TABLE events; --"', `"${'x'.repeat(100_000)}"`],
];

/** A body as it should be. */
const goodBody = (schema: Schema): string =>
  JSON.stringify(bodyOf(schema, { place: undefined, count: 1, keep: true, alike: true, filling: 'wide' }) ?? null);

/** Good bodies with a hostile text in the place of every text, one with all of them as names in every object, and one of nothing else. */
const hostileBodies = (schema: Schema): readonly string[] => {
  const good = goodBody(schema);
  const names = (value: string) => hostile.map((text) => `${text}:${value}`).join();
  return [
    ...hostile.map((text) => good.replace(/"(?:same|a0)(?: b)*"(?!:)/g, () => text)),
    good.replaceAll('{', () => `{${names('{"polluted":1}')},`).replaceAll(',}', '}'),
    `{${names('{"prototype":{"polluted":1}}')}}`,
  ];
};

it('Names that mean something elsewhere are data or are refused, in the body of every operation', async () => {
  const { projectId } = await app().project();
  const headers = { ...bearer(adminKey), 'content-type': 'application/json' };
  const operations = (await operationsOf(app())).filter(({ body }) => body !== undefined);
  expect(operations.length).toBeGreaterThan(30);
  const before = Object.getOwnPropertyNames(Object.prototype);
  const wrong: string[] = [];
  for (const operation of operations) {
    const { method } = operation;
    const path = pathOf(operation, (name) => (name === 'projectId' ? projectId : 'nothing'));
    const inPath = operation.path.includes('{projectId}') ? {} : { 'x-project-id': projectId };
    for (const body of hostileBodies(operation.body ?? {})) {
      const { status } = await app().transport({ method, path, headers: { ...headers, ...inPath }, body });
      if (status >= 500) wrong.push(`${method} ${path} with ${body.slice(0, 100)}: ${status}`);
    }
  }
  expect(wrong).toEqual([]);
  expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before);
  expect('polluted' in {}).toBe(false);
  await app().settled();
  expect((await app().transport({ method: 'GET', path: '/api/health' })).body.status).toBe('healthy');
}, 120_000);
