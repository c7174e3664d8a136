import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openTestApp } from '../support/app.ts';
import type { Project } from '../support/client.ts';
import { bearer } from '../support/client.ts';
import { startServer } from '../support/server-process.ts';

const view = (eventId: string) => ({ userId: 'ada', eventType: 'page_view', eventId });

/** A request that the server has begun to read, and that ends when it is told to; resolves with the answer's status. */
const begin = async (url: string, { apiKey }: Project, eventId: string) => {
  const sending = request(`${url}/api/events/ingest`, {
    method: 'POST',
    agent: false,
    headers: { ...bearer(apiKey), 'content-type': 'application/json', expect: '100-continue' },
  });
  const answered = new Promise<number>((resolve, reject) => {
    sending.on('response', (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode ?? 0));
    });
    sending.on('error', reject);
  });
  // It may be cut off before anybody asks how it ended.
  answered.catch((reason: unknown) => void reason);
  sending.flushHeaders();
  // The server says that it waits for the body: the request is in its hands.
  await new Promise((resolve) => sending.once('continue', resolve));
  return {
    end: (): Promise<number> => {
      sending.end(JSON.stringify(view(eventId)));
      return answered;
    },
  };
};

it.concurrent(
  'A server that is asked to stop answers what is in hand, ends well in time, and has kept what it acknowledged; the next one does, too, when clients keep connections open without a use or never finish',
  async ({ onTestFinished }) => {
    const compiled = mkdtempSync(join(tmpdir(), 'leadfold-compiled-'));
    onTestFinished(() => rmSync(compiled, { recursive: true }));
    await using server = await startServer({ env: { NODE_COMPILE_CACHE: compiled } });
    // Kept while it runs, and so by one that is killed, too.
    expect(readdirSync(compiled, { recursive: true }).length).toBeGreaterThan(100);
    const project = await server.project();
    const acknowledged: string[] = [];
    const wrongs: string[] = [];
    const state: { stopping?: ReturnType<typeof server.stop> } = {};

    const client = async (name: string): Promise<void> => {
      for (let at = 0; ; at++) {
        const eventId = `${name}-${at}`;
        try {
          const { status, text } = await project.send(view(eventId));
          if (status === 202) acknowledged.push(eventId);
          else wrongs.push(`${status} ${text}`);
        } catch (error) {
          // Nobody listens any more; before it was asked to stop, that would be wrong.
          if (!state.stopping) wrongs.push(String(error));
          return;
        }
      }
    };
    const load = Promise.all(['a', 'b', 'c', 'd', 'e', 'f'].map(client));
    const inHand = await Promise.all(
      Array.from({ length: 5 }, (_, at) => begin(server.url(), project, `in-hand-${at}`)),
    );
    while (acknowledged.length < 50 && wrongs.length === 0) await project.get('/api/leads?limit=1');

    state.stopping = server.stop();
    await load;
    expect(await Promise.all(inHand.map(({ end }) => end()))).toEqual([202, 202, 202, 202, 202]);
    const { code, took } = await state.stopping;
    expect({ code, wrongs }).toEqual({ code: 0, wrongs: [] });
    expect(took).toBeLessThan(10_000);

    await server.start();
    const [lead] = await project.all('/api/leads');
    const kept = new Set(
      (await project.all(`/api/leads/${lead.leadId}/timeline?limit=200`)).map(({ eventId }) => eventId),
    );
    const lost = [...acknowledged, ...inHand.map((_, at) => `in-hand-${at}`)].filter((eventId) => !kept.has(eventId));
    expect(lost).toEqual([]);

    const silent = connect(Number(new URL(server.url()).port));
    await once(silent, 'connect');
    const endless = await begin(server.url(), project, 'never');
    const next = await server.stop();
    expect(next.code).toBe(0);
    expect(next.took).toBeLessThan(10_000);
    await expect(endless.end()).rejects.toThrow();
    silent.destroy();
  },
);

it.concurrent('Readiness says no while the app drains, and what still comes is served', async () => {
  await using app = await openTestApp();
  const project = await app.project();
  const ready = () => app.transport({ method: 'GET', path: '/readyz' });
  await app.settled();
  expect(await ready()).toMatchObject({ status: 200, body: { status: 'ready' } });
  app.app().drain();
  expect(await ready()).toMatchObject({ status: 503, body: { status: 'stopping' } });
  expect((await app.transport({ method: 'GET', path: '/livez' })).status).toBe(200);
  expect((await project.send(view('e1'))).status).toBe(202);
  expect(await project.all('/api/leads')).toHaveLength(1);
});
