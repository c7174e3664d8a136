import { describe, expect, it } from 'vitest';
import { addDeadLetter } from '../../src/commands/jobs/add-dead-letter.ts';
import { appOfFile } from '../support/app.ts';
import { withoutAge } from '../support/answers.ts';
import type { Answer, Project } from '../support/client.ts';
import { bearer, mustBe } from '../support/client.ts';
import type { Operation } from '../support/operations.ts';
import { request } from '../support/engine.ts';
import { workParked } from '../support/facts.ts';
import { operationsOf, pathOf } from '../support/operations.ts';
import { memberOf } from '../support/members.ts';
import { open } from '../support/work-items.ts';

const app = appOfFile();
const everyScope = ['events:write', 'leads:read', 'leads:write', 'config:write', 'admin'];

/** Puts aside what follows from a fact of a project, as a reactor does that fails. Says by which name operators know it. */
const park = async (projectId: string, word: string): Promise<string> => {
  const { lastFailedAt: _, ...parked } = workParked().data;
  const event = { ...parked.event, id: `fact-${word}`, stream: `lead-${projectId}.none` };
  const input = { ...parked, projectId, event, error: `No ${word}` };
  await app()
    .app()
    .engine.handle(addDeadLetter, input, request(`park-${projectId}`));
  return `${projectId}.${input.reactor}.${event.id}`;
};

/** A team and a rep, two versions of routing rules and two of a reply policy. */
const staff = async ({ projectId, asRoot }: Project, word: string) => {
  const [path, teamId, repId] = [`/api/projects/${projectId}`, `team-${word}`, `rep-${word}`];
  mustBe(await asRoot('POST', `${path}/teams`, { body: { teamId, name: word } }), 201);
  mustBe(await asRoot('POST', `${path}/reps`, { body: { repId, name: word, teamIds: [teamId] } }), 201);
  for (const firstResponseMinutes of [10, 20]) {
    const rules = { rules: [{ id: `rule-${word}`, to: { teams: [teamId] } }], defaultTeam: teamId };
    const sticky = { lead: firstResponseMinutes === 10 };
    mustBe(await asRoot('PUT', `${path}/routing-rules`, { body: { ...rules, sticky } }), 200);
    const policy = { enabled: true, firstResponseMinutes, countedIn: 'always', atRiskPercent: 50, steps: [] };
    mustBe(await asRoot('PUT', `${path}/reply-policy`, { body: policy }), 200);
  }
  return { teamId, repId };
};

/** A source with a receipt and a reject, and an endpoint that was tried. */
const webhooks = async ({ projectId, asRoot, all }: Project, word: string) => {
  const path = `/api/projects/${projectId}`;
  const wanted = { name: `source-${word}`, scheme: 'token' };
  const { sourceId, secret } = mustBe(await asRoot('POST', `${path}/sources`, { body: wanted }), 201).body;
  const body = [{ userId: `user-${word}`, eventType: 'x', eventId: `hook-${word}` }, { eventType: word }];
  const call = { method: 'POST', path: `/webhooks/${sourceId}`, headers: bearer(secret), body };
  const { receiptId } = mustBe(await app().transport(call), 202).body;
  const at = { url: `https://${word}.invalid/`, types: ['lead.closed'] };
  const { endpointId } = mustBe(await asRoot('POST', `${path}/endpoints`, { body: at }), 201).body;
  const { deliveryId } = mustBe(await asRoot('POST', `${path}/endpoints/${endpointId}/test`), 202).body;
  await app().settled();
  const [{ rejectId }] = (await all(`${path}/rejects`)) as [{ readonly rejectId: string }];
  const secretIn = async (owner: string): Promise<string> =>
    mustBe(await asRoot('GET', `${path}/${owner}/secrets`), 200).body[0].secretId;
  const [secretId, other] = [await secretIn(`sources/${sourceId}`), await secretIn(`endpoints/${endpointId}`)];
  return { ids: { sourceId, receiptId, rejectId, endpointId, deliveryId, secretId }, marks: [secretId, other] };
};

/** A project with something of every kind, all of it with a word in it that no other project has. */
const furnished = async (word: string) => {
  const project = await app().project(`Project ${word}`);
  const { projectId } = project;
  const who = { userId: `user-${word}`, email: `${word}@example.com`, anonymousId: `cookie-${word}` };
  const event = { ...who, eventId: `event-${word}`, eventType: `did_${word}`, traits: { city: word } };
  const correlationId = `trace-${word}`;
  const { leadId } = mustBe(await project.send(event, { 'x-correlation-id': correlationId }), 202).body;
  const model = { engagement: [{ id: `rule-${word}`, when: { eventType: `did_${word}` }, points: 77 }] };
  const path = `/api/projects/${projectId}`;
  const { version, jobId } = mustBe(await project.asRoot('PUT', `${path}/scoring-model`, { body: model }), 200).body;
  const wanted = { name: `key-${word}`, scopes: everyScope };
  const { key, keyId } = mustBe(await app().root('POST', `${path}/keys`, { body: wanted }), 201).body;
  const id = await park(projectId, word);
  const roster = await staff(project, word);
  const hooks = await webhooks(project, word);
  const email = `member@${word}.example`;
  const { personId } = await memberOf(app().app(), { projectId, email, role: 'analyst' });
  await open(app().app(), { projectId, workId: `item-${word}`, reason: `Look at ${word}` });
  await app().settled();
  const ids = {
    projectId,
    leadId,
    jobId,
    keyId,
    id,
    correlationId,
    name: 'leads',
    workId: `item-${word}`,
    personId,
    ...roster,
    ...hooks.ids,
    version: String(version),
    key: project.apiKey,
  };
  return {
    project,
    admin: key,
    who,
    ids,
    marks: [word, projectId, leadId, keyId, personId, key, project.apiKey, ...hooks.marks],
  };
};
type Furnished = Awaited<ReturnType<typeof furnished>>;

/** What may be said about a lead, by the end of the path. */
const actions = new Map<string, object>([
  ['accept', {}],
  ['decline', { reason: 'Mine' }],
  ['assign', { repId: null }],
  ['close', { outcome: 'won' }],
  ['reopen', {}],
  ['route', { reason: 'Mine' }],
  ['test', { last: 1 }],
]);

const bodyFor = ({ who }: Furnished, { path }: Operation): unknown => {
  const action = actions.get(path.split('/').at(-1) ?? '');
  if (action) return action;
  const one = { ...who, type: 'track', event: 'x', eventType: 'x', messageId: 'x', groupId: 'g', previousId: 'p' };
  const many = { events: [one], batch: [one] };
  if (path.includes('/work-items/')) return path.endsWith('/claim') ? {} : { reason: 'Mine' };
  return path.startsWith('/v1') || path.includes('events')
    ? { ...one, ...many }
    : { name: 'Mine', scopes: ['admin'], reason: 'Mine' };
};

/** The parameters of an operation with what the project has under these names. */
const pathIn = (operation: Operation, { ids }: Furnished): string =>
  pathOf(operation, (parameter) => {
    const value = new Map(Object.entries(ids)).get(parameter);
    if (value === undefined) throw new Error(`Add to ids what ${parameter} of ${operation.path} is`);
    return value;
  });

const call = (operation: Operation, path: string, owner: Furnished, headers: Readonly<Record<string, string>>) =>
  app().transport({
    method: operation.method,
    path,
    headers,
    ...(['POST', 'PUT', 'PATCH'].includes(operation.method) && { body: bodyFor(owner, operation) }),
  });

const snapshotOf = async (project: Project): Promise<string> => {
  await app().settled();
  const [lead] = await project.all('/api/leads');
  const path = `/api/projects/${project.projectId}`;
  const parts = [
    ...['/api/leads', '/api/analytics/dashboard', `/api/leads/${lead.leadId}/timeline`],
    ...[`/api/leads/${lead.leadId}/events`, path, `${path}/scoring-model/versions`],
  ];
  const bodies = [(await project.asRoot('GET', `${path}/keys`)).body];
  for (const part of parts) bodies.push(await project.get(part));
  return JSON.stringify(bodies.map(withoutAge));
};

const names = ({ method, path }: Operation) => `${method} ${path}`;

/** What is about the process or a person, and so not for the keys of projects; and what is about no project in particular. */
const [forOthers, ofNobody] = [
  ['/metrics', '/api/auth/me'],
  /leader|dash|projections|queue-stats|deadlines|reply-policy|stream/,
];

describe('Another project', () => {
  it('is out of reach of a key, whatever the key may do: at every route, by path and by header', async () => {
    const [mine, theirs] = [await furnished('aardvark'), await furnished('zeppelin')];
    const before = await snapshotOf(theirs.project);
    const operations = (await operationsOf(app())).filter(({ open }) => !open);
    expect(operations.length).toBeGreaterThan(20);

    const wrongs: string[] = [];
    const look = (operation: Operation, how: string, answer: Answer): void => {
      const said = answer.text + JSON.stringify(answer.headers);
      // What was asked for may be named in a refusal; nothing else may.
      const asked = `${pathIn(operation, theirs)} ${theirs.ids.projectId}`;
      const shown = theirs.marks.filter((mark) => said.includes(mark) && !asked.includes(mark));
      if (shown.length > 0) wrongs.push(`${names(operation)} ${how} shows ${shown.join()}`);
      const refused = [401, 403, 404].includes(answer.status);
      if (!refused) wrongs.push(`${names(operation)} ${how} answers ${answer.status}`);
    };

    for (const operation of operations) {
      const [path, own] = [pathIn(operation, theirs), pathIn(operation, mine)];
      for (const key of [mine.project.apiKey, mine.admin]) {
        const named = { ...bearer(key), 'x-project-id': theirs.ids.projectId };
        // Where the path names a project it is the one that is meant, and a key's own is its own.
        const byHeader = !operation.path.includes('{projectId}');
        if (byHeader) look(operation, 'by header', await call(operation, own, theirs, named));
        look(operation, 'by header and path', await call(operation, path, theirs, named));
        if (operation.path.includes('{')) look(operation, 'by path', await call(operation, path, theirs, bearer(key)));
      }
    }
    expect(wrongs).toEqual([]);
    expect(await snapshotOf(theirs.project)).toBe(before);
  });

  it('is not in what a key reads without naming any project', async () => {
    const [mine, theirs] = [await furnished('badger'), await furnished('yacht')];
    const reads = (await operationsOf(app())).filter(({ method, open }) => method === 'GET' && !open);
    for (const operation of reads) {
      const query = operation.path.endsWith('/lookup') ? `?email=${encodeURIComponent(mine.who.email)}` : '';
      const path = `${pathIn(operation, mine)}${query}`;
      const answer = await call(operation, path, mine, bearer(mine.admin));
      const refused = forOthers.includes(operation.path);
      expect({ names: names(operation), status: answer.status }).toEqual({
        names: names(operation),
        status: refused ? 403 : 200,
      });
      expect(theirs.marks.filter((mark) => answer.text.includes(mark))).toEqual([]);
      expect([
        names(operation),
        refused || mine.marks.some((mark) => answer.text.includes(mark)) || ofNobody.test(path),
      ]).toEqual([...[names(operation), true]]);
    }
  });

  it('has people of its own: the same identifiers and event ids are other people', async () => {
    const [mine, theirs] = [await app().project(), await app().project()];
    const event = { userId: 'ada', eventId: 'e1', eventType: 'signup' };
    const [a, b] = [mustBe(await mine.send(event), 202).body, mustBe(await theirs.send(event), 202).body];
    expect({ aStatus: a.status, bStatus: b.status }).toEqual({ aStatus: 'queued', bStatus: 'queued' });
    expect(a.leadId).not.toBe(b.leadId);
    expect((await mine.read(`/api/leads/${b.leadId}`)).status).toBe(404);
    await theirs.send({ ...event, eventId: 'e2' });
    expect(await mine.all('/api/leads')).toMatchObject([{ score: 30 }]);
  });

  it('can not be made, or given keys, by a key of a project', async () => {
    const [mine, theirs] = [await furnished('civet'), await furnished('xylophone')];
    const post = (path: string) =>
      app().transport({
        method: 'POST',
        path,
        headers: bearer(mine.admin),
        body: { name: 'More', scopes: ['admin'] },
      });
    expect((await post('/api/projects')).status).toBe(403);
    expect((await post(`/api/projects/${theirs.ids.projectId}/keys`)).status).toBe(404);
    expect((await post(`/api/projects/${mine.ids.projectId}/keys`)).status).toBe(201);
  });
});

describe('The root key', () => {
  /** What the root key may ask without naming a project: the path does, or it is about all of them. */
  const ofNone = /\{projectId\}|^\/api\/projects$|^\/api\/(admin|auth)\/|^\/metrics$/;

  it('must say which project it means, wherever one is needed', async () => {
    const mine = await furnished('dormouse');
    const operations = (await operationsOf(app())).filter(({ open, path }) => !open && !ofNone.test(path));
    expect(operations.length).toBeGreaterThan(12);
    const before = await app().head();
    for (const operation of operations) {
      const answer = await app().root(operation.method, pathIn(operation, mine), {
        ...(operation.method === 'GET' ? {} : { body: bodyFor(mine, operation) }),
      });
      expect({ names: names(operation), status: answer.status, code: answer.body.code }).toEqual({
        names: names(operation),
        status: 400,
        code: 'project-missing',
      });
      expect(answer.body.detail).toContain('X-Project-Id');
    }
    expect(await app().head()).toBe(before);
  });

  it('is told when there is no such project', async () => {
    const unknown = await app().root('GET', '/api/leads', { headers: { 'x-project-id': 'nosuchproject' } });
    expect({ status: unknown.status, code: unknown.body.code }).toEqual({ status: 404, code: 'project-unknown' });
    const odd = await app().root('GET', '/api/leads', { headers: { 'x-project-id': '../etc' } });
    expect({ status: odd.status, code: odd.body.code }).toEqual({ status: 400, code: 'invalid-header' });
  });
});
