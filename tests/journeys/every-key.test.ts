import { expect, it } from 'vitest';
import { adminKey, appOfFile } from '../support/app.ts';
import type { Answer, Project } from '../support/client.ts';
import { bearer, mustBe } from '../support/client.ts';
import type { Operation } from '../support/operations.ts';
import { operationsOf, pathOf } from '../support/operations.ts';

const app = appOfFile();
const scopes = ['events:write', 'leads:read', 'leads:write', 'config:write', 'admin'];

/** What takes the root key, whatever else a key may do. */
const forRoot = [
  ...['POST /api/projects', 'GET /metrics'],
  ...['POST /api/admin/projections/{name}/rebuild', 'POST /api/admin/projections/rebuild'],
];

const names = ({ method, path }: Operation): string => `${method} ${path}`;

/** Asks for things that are not there, in a project that is: nothing that a key may do does any harm. */
const ask = (operation: Operation, projectId: string, headers: Readonly<Record<string, string>>): Promise<Answer> =>
  app().transport({
    method: operation.method,
    headers,
    path: pathOf(operation, (name) => (name === 'projectId' ? projectId : name === 'version' ? '99' : 'nothing')),
    ...(['POST', 'PUT', 'PATCH'].includes(operation.method) && { body: {} }),
  });

const keyOf = async ({ projectId }: Project, ...allowed: readonly string[]): Promise<{ key: string; keyId: string }> =>
  mustBe(await app().root('POST', `/api/projects/${projectId}/keys`, { body: { name: 'one', scopes: allowed } }), 201)
    .body;

/** What each operation answers that is not as it must be. */
const wrongOf = async (
  operations: readonly Operation[],
  [projectId, headers]: readonly [string, Readonly<Record<string, string>>],
  isRight: (operation: Operation, answer: Answer) => boolean,
): Promise<readonly string[]> => {
  const wrong: string[] = [];
  for (const operation of operations) {
    const answer = await ask(operation, projectId, headers);
    if (answer.status >= 500 || !isRight(operation, answer))
      wrong.push(`${names(operation)}: ${answer.status} ${answer.text.slice(0, 200)}`);
  }
  return wrong;
};

it('Every route takes the keys that its description says, and no other, of whatever kind they are', async () => {
  const [mine, theirs] = [await app().project('Mine'), await app().project('Secret of theirs')];
  const operations = await operationsOf(app());
  const [open, closed] = [operations.filter((each) => each.open), operations.filter((each) => !each.open)];
  expect(closed.length).toBeGreaterThan(60);
  expect(closed.filter(({ scope }) => !scopes.includes(scope ?? '')).map(names)).toEqual([]);
  const { projectId } = mine;
  const revoked = await keyOf(mine, 'admin');
  mustBe(await app().root('DELETE', `/api/projects/${projectId}/keys/${revoked.keyId}`), 204);
  const unknown = revoked.key.replace(/.{32}$/, 'a'.repeat(32));

  const unauthorized = (_: Operation, { status, body }: Answer) => status === 401 && body.code === 'unauthorized';
  for (const headers of [{}, bearer(unknown), bearer(revoked.key), bearer('nonsense')])
    expect(await wrongOf(closed, [projectId, headers], unauthorized)).toEqual([]);

  for (const allowed of scopes) {
    const { key } = await keyOf(mine, allowed);
    const wrong = await wrongOf(closed, [projectId, bearer(key)], (operation, { status, body, text }) => {
      const may = [operation.scope, 'admin'].includes(allowed);
      if (text.includes(theirs.projectId) || text.includes('Secret of theirs')) return false;
      if (forRoot.includes(names(operation))) return [400, 403].includes(status);
      return may ? ![401, 403].includes(status) : status === 403 && body.code === 'scope-missing';
    });
    expect([allowed, ...wrong]).toEqual([allowed]);
  }

  const others = await keyOf(theirs, 'admin');
  const hidden = await wrongOf(closed, [projectId, bearer(others.key)], ({ path }, { status, text }) => {
    const named = path.includes('{projectId}');
    return named ? status === 404 && !text.includes('Mine') : status !== 401;
  });
  expect(hidden).toEqual([]);
  const root = await wrongOf(closed, [projectId, bearer(adminKey)], (_, { status }) => ![401, 403].includes(status));
  expect(root).toEqual([]);
  expect(await wrongOf(open, [projectId, {}], (_, { status }) => ![401, 403].includes(status))).toEqual([]);
}, 120_000);
