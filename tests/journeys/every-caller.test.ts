import { expect, it } from 'vitest';
import type { Permissions } from '../../src/domain/people/permissions.ts';
import {
  permissions,
  permissionsOfPerson,
  permissionsOfRole,
  permissionsOfRoot,
  permissionsOfScope,
  together,
} from '../../src/domain/people/permissions.ts';
import { roles } from '../../src/domain/people/roles.ts';
import { scopes } from '../../src/domain/projects/keys.ts';
import { adminKey, appOfFile } from '../support/app.ts';
import type { Answer } from '../support/client.ts';
import { bearer, mustBe } from '../support/client.ts';
import type { Person } from '../support/members.ts';
import { memberOf, personOf } from '../support/members.ts';
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
  /** What they send; by another session than before, where that may have ended. */
  readonly sign: (anew?: boolean) => Promise<Headers>;
  /** What they may do in the first project; undefined where it is not theirs either. */
  readonly may?: Permissions;
  /** What the refusal is called, of what they may not do. */
  readonly refusal: 'scope-missing' | 'permission-missing' | 'unauthorized';
  /** Who belongs to no project by what they send names one. */
  readonly names?: boolean;
  readonly isRoot?: boolean;
};

/** What is asked, and whether the answer is as it must be. */
type Verdict = { readonly asked: string; readonly answer: Answer; readonly isRight: boolean };

const asIs = ({ body, status }: Answer, { projectId }: Pick<Populated, 'projectId'>): string =>
  JSON.stringify([status, { ...body, traceId: undefined }]).replaceAll(projectId, '<project>');

const isKnown = ({ status, body }: Answer): boolean =>
  body?.code === 'credentials-invalid' || ![400, 401, 403].includes(status);

const isLetIn = (answer: Answer): boolean =>
  isKnown(answer) && answer.status < 500 && answer.body?.code !== 'project-unknown';

const isRefused = ({ status, body, headers }: Answer, { refusal }: Caller): boolean =>
  refusal === 'unauthorized'
    ? status === 401 && body.code === refusal && headers['www-authenticate'] !== undefined
    : status === 403 && body.code === refusal;

const mayAsk = ({ permission }: Operation, may: Permissions = together()): boolean =>
  [...may].some((each) => each === permission);

const ask = async (operation: Operation, of: Populated, { sign }: Pick<Caller, 'sign'>, named?: string) => {
  const made = { teamId: 'sales', repId: 'ann', version: '1', name: 'leads', secretId: 'none', id: of.jobId };
  const values = new Map<string, string>(Object.entries({ ...made, key: of.apiKey, ...of }));
  const headers = {
    ...(await sign(operation.permission === 'account')),
    ...(named !== undefined && { 'x-project-id': named }),
  };
  return app().transport({ ...validRequest(operation, values), headers });
};

/** A caller asks about the project that is theirs. */
const inOwn = async (operation: Operation, caller: Caller, mine: Populated): Promise<Verdict> => {
  const answer = await ask(operation, mine, caller, caller.names === true ? mine.projectId : undefined);
  const isRight = mayAsk(operation, caller.may) ? isLetIn(answer) : isRefused(answer, caller);
  return { asked: `${caller.who}, own project: ${nameOf(operation)}`, answer, isRight };
};

/** A caller asks about a project of others, which is to be as one that is not there. */
const inOthers = async (operation: Operation, caller: Caller, theirs: Populated): Promise<Verdict> => {
  const nowhere = { ...theirs, projectId: 'nowhere' };
  const answer = await ask(operation, theirs, caller, theirs.projectId);
  const asked = `${caller.who}, other project: ${nameOf(operation)}`;
  if (caller.refusal === 'unauthorized') return { asked, answer, isRight: isRefused(answer, caller) };
  const unknown = await ask(operation, nowhere, caller, nowhere.projectId);
  if (caller.isRoot === true) {
    const isRight = mayAsk(operation, caller.may) ? isLetIn(answer) : isRefused(answer, caller);
    return { asked, answer, isRight: isRight && unknown.status === 404 };
  }
  const isHidden = answer.status === 404 && asIs(answer, theirs) === asIs(unknown, nowhere);
  return { asked, answer, isRight: isHidden };
};

const keyOf = async (projectId: string, ...allowed: readonly string[]): Promise<{ key: string; keyId: string }> =>
  mustBe(await app().root('POST', `/api/projects/${projectId}/keys`, { body: { name: 'one', scopes: allowed } }), 201)
    .body;

const sending = (headers: Headers) => (): Promise<Headers> => Promise.resolve(headers);

/** Nobody, and who is nobody any more. */
const strangers = async ({ projectId }: Populated): Promise<readonly Caller[]> => {
  const revoked = await keyOf(projectId, 'admin');
  mustBe(await app().root('DELETE', `/api/projects/${projectId}/keys/${revoked.keyId}`), 204);
  const gone = await memberOf(app().app(), { projectId, email: 'gone@example.com', role: 'admin' });
  const over = await gone.signIn();
  mustBe(await app().transport({ method: 'POST', path: '/api/auth/logout', headers: over }), 204);
  const sent: Readonly<Record<string, Headers>> = {
    nobody: {},
    nonsense: bearer('nonsense'),
    'a token of others': bearer('eyJhbGciOiJub25lIn0.eyJzdWIiOiJyb290In0.AAAA'),
    'a revoked key': bearer(revoked.key),
    'an unknown key': bearer(revoked.key.replace(/.{32}$/, 'a'.repeat(32))),
    'a session that is over': over,
  };
  return Object.entries(sent).map(([who, headers]) => ({
    who,
    sign: sending(headers),
    may: together(),
    refusal: 'unauthorized',
  }));
};

const holders = async ({ projectId }: Populated): Promise<readonly Caller[]> => {
  const root = sending(bearer(adminKey));
  const callers: Caller[] = [
    { who: 'root', sign: root, may: permissionsOfRoot, refusal: 'scope-missing', names: true, isRoot: true },
  ];
  for (const scope of scopes) {
    const { key } = await keyOf(projectId, scope);
    const may = permissionsOfScope[scope];
    callers.push({ who: `a key of ${scope}`, sign: sending(bearer(key)), may, refusal: 'scope-missing' });
  }
  return callers;
};

const signing = ({ signIn }: Person): Caller['sign'] => {
  let headers: Promise<Headers> | undefined;
  return (anew = false) => {
    if (anew || !headers) headers = signIn();
    return headers;
  };
};

/** Persons with each of the roles, and who is no member. */
const persons = async ({ projectId }: Populated): Promise<readonly Caller[]> => {
  const refusal = 'permission-missing' as const;
  const callers: Caller[] = [];
  for (const role of roles) {
    const person = await memberOf(app().app(), { projectId, email: `${role}@example.com`, role });
    const may = together(permissionsOfPerson, permissionsOfRole[role]);
    callers.push({ who: role, sign: signing(person), may, refusal, names: true });
  }
  const [guest, removed] = [
    await personOf(app().app(), 'guest@example.com'),
    await memberOf(app().app(), { projectId, email: 'removed@example.com', role: 'admin' }),
  ];
  mustBe(await app().root('DELETE', `/api/projects/${projectId}/members/${removed.personId}`), 204);
  callers.push({ who: 'a person of no project', sign: signing(guest), refusal, names: true });
  callers.push({ who: 'one who was a member', sign: signing(removed), refusal, names: true });
  return callers;
};

/** After those that end sessions, others begin with a session that is over. */
const rankOf = ({ method, permission }: Operation): number =>
  Number(method === 'DELETE') + 2 * Number(permission === 'account');

/** What takes something away comes last, that what it takes is there for the others. */
const inOrder = (operations: readonly Operation[]): readonly Operation[] =>
  operations.toSorted((a, b) => rankOf(a) - rankOf(b));

it('Every route lets in whom the table of permissions names, in their own project, and nobody else', async () => {
  const [mine, theirs] = [await populate(app()), await populate(app())];
  const operations = await operationsOf(app());
  const [open, closed] = [operations.filter((each) => each.open), operations.filter((each) => !each.open)];
  expect(closed.length).toBeGreaterThan(90);
  const known = Object.keys(permissions);
  expect(closed.filter(({ permission }) => !known.includes(permission ?? '')).map(nameOf)).toEqual([]);

  const callers = [...(await strangers(mine)), ...(await holders(mine)), ...(await persons(mine))];
  const verdicts: Verdict[] = [];
  for (const operation of inOrder(closed))
    for (const caller of callers) {
      if (caller.may) verdicts.push(await inOwn(operation, caller, mine));
      else verdicts.push(await inOthers(operation, caller, mine));
      verdicts.push(await inOthers(operation, caller, theirs));
    }
  for (const operation of open) {
    const answer = await ask(operation, mine, { sign: sending({}) });
    const isAsked = ['unauthorized', 'scope-missing', 'permission-missing'].includes(answer.body?.code);
    verdicts.push({ asked: `nobody: ${nameOf(operation)}`, answer, isRight: !isAsked && answer.status < 500 });
  }
  const wrong = verdicts.filter(({ isRight }) => !isRight);
  const told = wrong.map(({ asked, answer }) => `${asked}: ${answer.status} ${answer.text.slice(0, 200)}`);
  process.stdout.write(`${verdicts.length} questions to ${operations.length} routes, ${wrong.length} deviations\n`);
  expect(told).toEqual([]);
}, 240_000);
