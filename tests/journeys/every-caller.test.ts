import { expect, it } from 'vitest';
import type { Permissions } from '../../src/domain/people/permissions.ts';
import { permissions, permissionsOfRoot, permissionsOfScope, together } from '../../src/domain/people/permissions.ts';
import { scopes } from '../../src/domain/projects/keys.ts';
import { adminKey, appOfFile } from '../support/app.ts';
import type { Answer } from '../support/client.ts';
import { bearer, mustBe } from '../support/client.ts';
import type { Operation } from '../support/operations.ts';
import { operationsOf } from '../support/operations.ts';
import type { Populated } from '../support/populated.ts';
import { populate } from '../support/populated.ts';
import { nameOf, validRequest } from '../support/valid-request.ts';

const app = appOfFile();

type Headers = Readonly<Record<string, string>>;

/** One who asks, and what they may do in the project that is theirs. */
type Caller = {
  readonly who: string;
  readonly headers: Headers;
  readonly may: Permissions;
  /** What the refusal is called, of what they may not do. */
  readonly refusal: 'scope-missing' | 'permission-missing' | 'unauthorized';
  /** The holder of the root key belongs to no project, and names one. */
  readonly isRoot?: boolean;
};

/** What is asked, and whether the answer is as it must be. */
type Verdict = { readonly asked: string; readonly answer: Answer; readonly isRight: boolean };

const asIs = ({ body, status }: Answer, { projectId }: Pick<Populated, 'projectId'>): string =>
  JSON.stringify([status, { ...body, traceId: undefined }]).replaceAll(projectId, '<project>');

const isLetIn = ({ status, body }: Answer): boolean =>
  ![400, 401, 403].includes(status) && status < 500 && body?.code !== 'project-unknown';

const isRefused = ({ status, body, headers }: Answer, { refusal }: Caller): boolean =>
  refusal === 'unauthorized'
    ? status === 401 && body.code === refusal && headers['www-authenticate'] !== undefined
    : status === 403 && body.code === refusal;

const ask = (operation: Operation, of: Populated, headers: Headers): Promise<Answer> => {
  const made = { teamId: 'sales', repId: 'ann', version: '1', name: 'leads', secretId: 'none', id: of.jobId };
  const values = new Map<string, string>(Object.entries({ ...made, key: of.apiKey, ...of }));
  return app().transport({ ...validRequest(operation, values), headers });
};

/** A caller asks about the project that is theirs. */
const inOwn = async (operation: Operation, caller: Caller, mine: Populated): Promise<Verdict> => {
  const named = caller.isRoot === true ? { 'x-project-id': mine.projectId } : {};
  const answer = await ask(operation, mine, { ...caller.headers, ...named });
  const may = permissionIn(operation, caller.may);
  const isRight = may ? isLetIn(answer) : isRefused(answer, caller);
  return { asked: `${caller.who}, own project: ${nameOf(operation)}`, answer, isRight };
};

const permissionIn = ({ permission }: Operation, may: Permissions): boolean =>
  [...may].some((each) => each === permission);

/** A caller asks about a project of others, which is to be as one that is not there. */
const inOthers = async (operation: Operation, caller: Caller, theirs: Populated): Promise<Verdict> => {
  const nowhere = { ...theirs, projectId: 'nowhere' };
  const about = (of: Populated) => ask(operation, of, { ...caller.headers, 'x-project-id': of.projectId });
  const [answer, unknown] = [await about(theirs), await about(nowhere)];
  const isHidden = answer.status === 404 && asIs(answer, theirs) === asIs(unknown, nowhere);
  const isRight = caller.isRoot === true ? isLetIn(answer) && unknown.status === 404 : isHidden;
  const refused = caller.refusal === 'unauthorized' ? isRefused(answer, caller) : isRight;
  return { asked: `${caller.who}, other project: ${nameOf(operation)}`, answer, isRight: refused };
};

const keyOf = async (projectId: string, ...allowed: readonly string[]): Promise<{ key: string; keyId: string }> =>
  mustBe(await app().root('POST', `/api/projects/${projectId}/keys`, { body: { name: 'one', scopes: allowed } }), 201)
    .body;

/** Nobody, and who is nobody any more. */
const strangers = async ({ projectId }: Populated): Promise<readonly Caller[]> => {
  const revoked = await keyOf(projectId, 'admin');
  mustBe(await app().root('DELETE', `/api/projects/${projectId}/keys/${revoked.keyId}`), 204);
  const unknown = revoked.key.replace(/.{32}$/, 'a'.repeat(32));
  const sent = { nobody: {}, nonsense: bearer('nonsense'), 'a revoked key': bearer(revoked.key) };
  return Object.entries<Headers>({ ...sent, 'an unknown key': bearer(unknown) }).map(([who, headers]) => {
    return { who, headers, may: together(), refusal: 'unauthorized' } as const;
  });
};

const holders = async ({ projectId }: Populated): Promise<readonly Caller[]> => {
  const callers: Caller[] = [
    { who: 'root', headers: bearer(adminKey), may: permissionsOfRoot, refusal: 'scope-missing', isRoot: true },
  ];
  for (const scope of scopes) {
    const { key } = await keyOf(projectId, scope);
    const may = permissionsOfScope[scope];
    callers.push({ who: `a key of ${scope}`, headers: bearer(key), may, refusal: 'scope-missing' });
  }
  return callers;
};

it('Every route lets in whom the table of permissions names, in their own project, and nobody else', async () => {
  const [mine, theirs] = [await populate(app()), await populate(app())];
  const operations = await operationsOf(app());
  const [open, closed] = [operations.filter((each) => each.open), operations.filter((each) => !each.open)];
  expect(closed.length).toBeGreaterThan(90);
  const known = Object.keys(permissions);
  expect(closed.filter(({ permission }) => !known.includes(permission ?? '')).map(nameOf)).toEqual([]);

  const callers = [...(await strangers(mine)), ...(await holders(mine))];
  const verdicts: Verdict[] = [];
  // What is taken away is not there any more for those who ask later.
  for (const operation of closed.toSorted((a, b) => Number(a.method === 'DELETE') - Number(b.method === 'DELETE')))
    for (const caller of callers) {
      verdicts.push(await inOwn(operation, caller, mine));
      verdicts.push(await inOthers(operation, caller, theirs));
    }
  for (const operation of open) {
    const answer = await ask(operation, mine, {});
    const isRight = ![401, 403].includes(answer.status) || operation.path.startsWith('/webhooks/');
    verdicts.push({ asked: `nobody: ${nameOf(operation)}`, answer, isRight });
  }
  const wrong = verdicts.filter(({ isRight }) => !isRight);
  const told = wrong.map(({ asked, answer }) => `${asked}: ${answer.status} ${answer.text.slice(0, 200)}`);
  process.stdout.write(`${verdicts.length} questions to ${operations.length} routes, ${wrong.length} deviations\n`);
  expect(told).toEqual([]);
}, 240_000);
