import { claimJob } from '../../src/commands/jobs/claim-job.ts';
import { failJob } from '../../src/commands/jobs/fail-job.ts';
import { addDeadLetter } from '../../src/commands/jobs/add-dead-letter.ts';
import { requestJob } from '../../src/commands/jobs/request-job.ts';
import type { TestApp } from './app.ts';
import type { Answer } from './client.ts';
import { mustBe } from './client.ts';
import { request } from './engine.ts';
import { workParked } from './facts.ts';
import type { Sales } from './sales.ts';
import { memberOf } from './members.ts';
import { salesOf } from './sales.ts';
import { open } from './work-items.ts';

/** What there is in a project, by the names that paths have for it. */
export type Populated = {
  readonly projectId: string;
  readonly apiKey: string;
  readonly keyId: string;
  /** A lead that was routed, accepted, closed and merged with another, which `mergedId` is. */
  readonly leadId: string;
  readonly mergedId: string;
  readonly workId: string;
  readonly jobId: string;
  readonly correlationId: string;
  readonly sourceId: string;
  readonly receiptId: string;
  readonly rejectId: string;
  readonly endpointId: string;
  readonly deliveryId: string;
  /** A member, who never signs in. */
  readonly personId: string;
};

/** Leads that did much, one of them two people at first. */
const leadsOf = async ({ project, qualify, act }: Sales, correlationId: string) => {
  const cookie = mustBe(await project.send({ anonymousId: 'cookie', eventType: 'page_view', eventId: 'e1' }), 202);
  const mergedId: string = cookie.body.leadId;
  const leadId = await qualify({ userId: 'ada', email: 'ada@example.com', eventId: 'e2' }, { name: 'Ada Lovelace' });
  const both = { userId: 'ada', anonymousId: 'cookie', eventType: 'download', eventId: 'e3', sessionId: 's1' };
  const context = { campaign: { source: 'spring' } };
  mustBe(await project.send({ ...both, context }, { 'x-correlation-id': correlationId, 'idempotency-key': 'k3' }), 202);
  const names = { 'x-correlation-id': correlationId };
  const said = { userId: 'cyd', eventType: 'unsubscribe', eventId: 'e4', traits: { country: 'DE' } };
  mustBe(await project.send(said, names), 202);
  const second = await qualify({ userId: 'bob', eventId: 'e5' });
  await qualify({ userId: 'dan', eventId: 'e6' });
  mustBe(await act(leadId, 'accept'), 200);
  mustBe(await act(second, 'close', { outcome: 'won', reason: 'Signed', value: 7 }), 200);
  return { leadId, mergedId };
};

/** A job that failed, and a dead letter. */
const failuresOf = async (app: TestApp, { project: { projectId } }: Sales, leadId: string): Promise<string> => {
  const { handle } = app.app().engine;
  const job = { projectId, jobId: 'rescore-1' };
  const held = { ...job, holder: 'worker-1' };
  const [until, at] = ['2026-03-11T12:00:00.000Z', '2026-03-10T12:00:00.000Z'];
  await handle(requestJob, { ...job, kind: 'route-qualified' }, request('job'));
  await handle(claimJob, { ...held, until, takeOver: true }, request('claim'));
  await handle(failJob, { ...held, error: 'It broke', attempts: 5, firstFailedAt: at }, request('fail'));
  const { lastFailedAt: _, ...parked } = workParked({ projectId }).data;
  const event = { id: 'e1', type: 'LeadMerged', stream: `lead-${projectId}.${leadId}`, revision: 1, position: 1 };
  await handle(addDeadLetter, { ...parked, event }, request('park'));
  await app.settled();
  return `${projectId}.rescore-1`;
};

/** A source that was sent something it does not understand. */
const sourceOf = async ({
  ask,
  path,
  project,
}: Sales): Promise<Pick<Populated, 'sourceId' | 'receiptId' | 'rejectId'>> => {
  const wanted = { name: 'Forms', scheme: 'token', mapping: { eventType: '/kind', properties: { form: '/form' } } };
  const source = mustBe(await ask('POST', `${path}/sources`, wanted), 201).body;
  const headers = { authorization: `Bearer ${source.secret}` };
  const { receiptId } = mustBe(await project.request('POST', source.path, { body: { kind: 'x' }, headers }), 202).body;
  const { data } = await project.get(`${path}/rejects`);
  return { sourceId: source.sourceId, receiptId, rejectId: data[0].rejectId };
};

/** An endpoint that was tried. */
const endpointOf = async ({ ask, path }: Sales): Promise<Pick<Populated, 'endpointId' | 'deliveryId'>> => {
  const wanted = {
    url: 'https://hooks.example.com/',
    headers: { 'x-key': 'a' },
    types: ['lead.closed'],
    ratePerSecond: 1,
  };
  const { endpointId } = mustBe(await ask('POST', `${path}/endpoints`, wanted), 201).body;
  const { deliveryId } = mustBe(await ask('POST', `${path}/endpoints/${endpointId}/test`), 202).body;
  mustBe(await ask('PATCH', `${path}/endpoints/${endpointId}`, { enabled: false }), 200);
  return { endpointId, deliveryId };
};

/** Something of everything that the API shows, in a project of its own. */
export const populate = async (app: TestApp): Promise<Populated> => {
  const sales = await salesOf(app);
  const { project, path, team, rep, publish, ask } = sales;
  const { projectId, apiKey } = project;
  await team('sales');
  await team('east', { regions: ['PL'] });
  await rep('ann', { email: 'ann@example.com', capacity: 3, skills: [{ skill: 'sql', level: 2 }], perDay: 9 });
  await rep('ben', { timeOff: [{ from: '2027-01-01T00:00:00.000Z', to: '2027-01-02T00:00:00.000Z' }] });
  const again = (what: Answer): Answer => mustBe(what, 200);
  const rule = { id: 'all', when: [], to: { teams: ['sales'] }, strategy: 'round-robin', skills: [], fallback: [] };
  await publish('routing-rules', { defaultTeam: 'sales', rules: [rule] });
  await publish('routing-rules', { defaultTeam: 'sales' });
  again(await ask('POST', `${path}/routing-rules/rollback`, { version: 1 }));
  await publish('reply-policy', { ...again(await ask('GET', `${path}/reply-policy`)).body, atRiskPercent: 70 });
  const correlationId = 'trace-of-this';
  const { leadId, mergedId } = await leadsOf(sales, correlationId);
  const { version: _, ...model } = again(await ask('GET', `${path}/scoring-model`)).body;
  again(await ask('PUT', `${path}/scoring-model`, { ...model, note: 'More', cap: 500 }));
  await open(app.app(), { projectId, workId: 'w1', leadId, teamId: 'sales', assignee: 'ann' });
  await open(app.app(), { projectId, workId: 'w2', leadId });
  const claim = { body: { by: 'ann' }, headers: { 'x-correlation-id': correlationId } };
  again(await project.asRoot('POST', '/api/work-items/w1/claim', claim));
  again(await ask('POST', '/api/work-items/w2/complete', { by: 'ann', reason: 'Done' }));
  const told = { ...(await endpointOf(sales)), ...(await sourceOf(sales)) };
  const jobId = await failuresOf(app, sales, leadId);
  const { personId } = await memberOf(app.app(), { projectId, email: `ray@${projectId}.example`, role: 'operator' });
  mustBe(await ask('POST', `${path}/members`, { email: `ivy@${projectId}.example`, role: 'analyst' }), 201);
  const { keyId } = again(await ask('GET', `${path}/keys`)).body.data[0];
  again(await ask('POST', `${path}/keys/${keyId}/rotate`));
  return { projectId, apiKey, keyId, leadId, mergedId, workId: 'w1', jobId, correlationId, personId, ...told };
};
