import { once } from 'node:events';
import { readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { appOfFile, openTestApp } from '../support/app.ts';
import { bearer, mustBe } from '../support/client.ts';
import { exposed } from '../support/metrics.ts';
import { salesOf } from '../support/sales.ts';
import { spawnServer, startServer } from '../support/server-process.ts';

const app = appOfFile();

const threads = ['main', 'projecting'];

/** How long the instrumentation of the runtime may take to be loaded, in ms. */
const patient = { timeout: 30_000 };

const metricsNow = async () => exposed(mustBe(await app().root('GET', '/metrics'), 200).text);

describe('/metrics', () => {
  it('is text that Prometheus reads', async () => {
    const { headers, text } = await app().root('GET', '/metrics');
    expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(headers['cache-control']).toBe('no-store');
    expect(exposed(text).types.get('http_request_duration_seconds')).toBe('histogram');
  });

  it('asks for the root key, as it is about all projects', async () => {
    const project = await app().project();
    const ask = (headers: Readonly<Record<string, string>>) =>
      app().transport({ method: 'GET', path: '/metrics', headers });
    expect((await ask({})).status).toBe(401);
    expect((await ask(bearer(project.apiKey))).status).toBe(403);
    const { body } = await project.asRoot('POST', `/api/projects/${project.projectId}/keys`, {
      body: { name: 'operator', scopes: ['admin'] },
    });
    const refused = await ask(bearer(body.key));
    expect({ status: refused.status, code: refused.body.code }).toEqual({ status: 403, code: 'scope-missing' });
  });

  it('counts what happened: requests, commands, facts, duplicates, qualified leads', async () => {
    const project = await app().project();
    const before = await metricsNow();
    const buy = { eventType: 'contract_signed', email: 'buyer@example.com', eventId: 'bought' };
    expect((await project.send(buy)).status).toBe(202);
    expect((await project.send(buy)).body.status).toBe('duplicate');
    expect((await project.send({ email: 'nobody' })).status).toBe(400);
    await project.batch([buy, { ...buy, eventId: 'again' }, { ...buy, email: 'other@example.com', eventId: 'x' }]);
    const after = await metricsNow();
    const grown = (name: string, labels = {}) => after.valueOf(name, labels) - before.valueOf(name, labels);

    const ingest = { method: 'POST', route: '/api/events/ingest' };
    expect(grown('http_request_duration_seconds_count', { ...ingest, status: '202' })).toBe(2);
    expect(grown('http_request_duration_seconds_count', { ...ingest, status: '400' })).toBe(1);
    expect(grown('leadfold_commands_total', { command: 'RecordActivities', outcome: 'accepted' })).toBe(3);
    expect(grown('leadfold_commands_total', { command: 'RecordActivities', outcome: 'unchanged' })).toBe(1);
    expect(grown('leadfold_command_duration_seconds_count', { command: 'RecordActivities' })).toBe(4);
    expect(grown('leadfold_events_appended_total', { type: 'ActivityRecorded' })).toBe(3);
    expect(grown('leadfold_duplicates_total', { source: 'api' })).toBe(1);
    expect(grown('leadfold_duplicates_total', { source: 'batch' })).toBe(1);
    expect(grown('leads_processed_total')).toBe(3);
    expect(grown('leads_qualified_total', { cause: 'activity' })).toBe(2);
  });

  it('counts what routing does, and how long leads needed somebody', async () => {
    await using own = await openTestApp();
    const sales = await salesOf(own);
    await sales.team('sales');
    await sales.rep('ann', { status: 'away' });
    await sales.publish('routing-rules', { defaultTeam: 'sales' });
    await sales.qualify({ userId: 'ada' });
    await sales.wait(2);
    await sales.change('ann', { status: 'active' });
    await own.settled();
    await sales.wait(60);
    const now = exposed(mustBe(await own.root('GET', '/metrics'), 200).text);
    expect(now.valueOf('leads_assigned_total', { by: 'rules' })).toBe(1);
    expect([now.valueOf('routing_failed_total'), now.valueOf('response_overdue_total')]).toEqual([1, 1]);
    expect(now.valueOf('leadfold_assignment_delay_seconds_sum', { by: 'rules' })).toBe(120);
  });

  it('has what the thread of the projections counted, and how far behind each is', async () => {
    await (await app().project()).send({ eventType: 'signup', email: 'ada@example.com' });
    await app().settled();
    const { valueOf, samples } = await metricsNow();
    expect(valueOf('leadfold_projection_batch_duration_seconds_count', { projection: 'leads' })).toBeGreaterThan(0);
    expect(valueOf('leadfold_projection_events_total', { projection: 'leads' })).toBeGreaterThan(0);
    const projections = ['dashboard', 'history', 'all-jobs', 'leads', 'merged-leads', 'projects'];
    for (const name of ['lag_events', 'lag_seconds', 'stalled']) {
      const of = samples.filter((one) => one.name === `leadfold_projection_${name}`);
      expect(of.map(({ labels }) => labels['projection'])).toEqual(expect.arrayContaining(projections));
      expect(of.reduce((sum, { value }) => sum + value, 0)).toBe(0);
    }
  });

  it('has what the runtime tells of each thread', async () => {
    const threadsOf = async (metric: string) =>
      (await metricsNow()).samples.filter(({ name }) => name === metric).map(({ labels }) => labels['thread']);
    // The event loop is watched from the first time on that somebody asks, and told of when it has been looked at a few times.
    await expect.poll(async () => (await threadsOf('nodejs_eventloop_delay_max')).toSorted(), patient).toEqual(threads);
    expect(new Set(await threadsOf('v8js_memory_heap_used'))).toEqual(new Set(threads));
    expect(new Set(await threadsOf('nodejs_eventloop_time_total'))).toEqual(new Set(threads));
  });

  it('tells of the process', async () => {
    const { valueOf } = await metricsNow();
    expect(valueOf('process_resident_memory_bytes')).toBeGreaterThan(50_000_000);
    expect(valueOf('process_cpu_user_seconds_total')).toBeGreaterThan(0);
    expect(valueOf('leadfold_process_info', { role: 'all' })).toBe(1);
  });

  it('does not grow with projects, leads, events or paths', async () => {
    const round = async (from: number): Promise<number> => {
      for (let n = from; n < from + 5; n++) {
        const project = await app().project(`Project ${n}`);
        const { body } = await project.send({ eventType: `type_${n}`, email: `person-${n}@example.com` });
        await project.get(`/api/leads/${body.leadId}`);
        await project.request('GET', `/no/such/path/${n}`);
        await project.request('GET', `/api/leads/00000000-0000-5000-8000-00000000000${n % 10}`);
        await project.batch([{ eventType: 'signup', userId: `u-${n}` }, { nonsense: n }]);
      }
      await app().settled();
      // Which kinds of garbage were collected and which handles are open is of the runtime: a handful, in no order.
      return (await metricsNow()).samples.filter(({ name }) => !name.startsWith('v8js_')).length;
    };
    const first = await round(0);
    // Everything is there that is told only from the second time on.
    const lateness = async () => (await metricsNow()).valueOf('nodejs_eventloop_delay_max', { thread: 'projecting' });
    await expect.poll(lateness, patient).toBeGreaterThan(0);
    const second = await round(5);
    expect(await round(100)).toBe(second);
    expect(second - first).toBeLessThan(80);
    const { text } = await app().root('GET', '/metrics');
    expect(text).not.toMatch(/type_\d|person-|@|[0-9a-f]{8}-[0-9a-f]{4}/);
  });
});

/** A port that was free a moment ago. */
const freePort = async (): Promise<string> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return String(typeof address === 'object' ? address?.port : '');
};

describe('a port of its own', () => {
  // Others may take a port that was free: then another one is.
  it(
    'tells metrics to whoever reaches it, and nothing else; when it is taken, the start says so',
    { retry: 2 },
    async () => {
      const port = await freePort();
      await using server = await startServer({ env: { METRICS_PORT: port } });
      await server.project();
      const ask = (path: string) => fetch(`http://127.0.0.1:${port}${path}`);
      const told = await ask('/metrics');
      expect({ status: told.status, headers: told.headers.get('content-type') }).toEqual({
        status: 200,
        headers: 'text/plain; version=0.0.4; charset=utf-8',
      });
      expect(exposed(await told.text()).valueOf('leadfold_events_appended_total', { type: 'ProjectCreated' })).toBe(1);
      expect((await ask('/api/projects')).status).toBe(404);

      const { code, output } = await spawnServer({ DATA_DIR: `${server.dataDir}/second`, METRICS_PORT: port }).ended;
      expect(code).toBe(1);
      expect(output).toContain(`METRICS_PORT: ${port} of 127.0.0.1 can not be listened on; give another port`);
      expect((await server.stop()).code).toBe(0);
    },
  );
});

it('What the projecting thread counted stays when it is started anew', async () => {
  await using own = await openTestApp();
  const project = await own.project();
  await project.send({ eventType: 'signup', email: 'ada@example.com' });
  await own.settled();
  const events = async (): Promise<number> =>
    exposed((await own.root('GET', '/metrics')).text).valueOf('leadfold_projection_events_total', {
      projection: 'projects',
    });
  const before = await events();
  expect(before).toBeGreaterThan(0);
  // The thread ends and another one makes the read models again, from the first fact.
  for (const file of readdirSync(own.dataDir).filter((name) => name.startsWith('read-models.db'))) {
    rmSync(join(own.dataDir, file));
  }
  await expect.poll(events, { timeout: 20_000 }).toBe(2 * before);
});
