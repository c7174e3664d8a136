import fastify from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { expect, it, onTestFinished } from 'vitest';
import { answers } from '../../../src/api/http/answers.ts';
import type { App } from '../../../src/api/http/app.ts';
import { nobody } from '../../../src/api/http/caller.ts';
import { admission, admissionLimits } from '../../../src/api/ingest/admission.ts';
import { bodies, bodyLimits } from '../../../src/api/http/body.ts';
import { takes } from '../../../src/api/ingest/body.ts';

import { appOfFile } from '../../support/app.ts';

const { bytes: bodyLimit } = bodyLimits;

const app = appOfFile();

const { large, small } = admissionLimits;

/** How many of the largest bodies of one project are taken at a time: in hand, and in line. */
const [inHand, inLine] = [large.ofProject.bytes / bodyLimit, large.waiting / bodyLimit];

/** JSON of so many bytes. */
const bodyOf = (bytes: number): string => `"${'x'.repeat(bytes - 2)}"`;

/** A server whose only route answers when the test lets it. Who asks says in a header of which project it is, or in the body. */
const opened = async () => {
  const server: App = fastify({ bodyLimit: bodyLimit + 10 }).withTypeProvider<ZodTypeProvider>();
  onTestFinished(() => server.close());
  const held: (() => void)[] = [];
  answers(server);
  server.decorateRequest('caller');
  server.addHook('onRequest', async (request) => {
    const projectId = request.headers['x-project'];
    request.caller = typeof projectId === 'string' ? { ...nobody, projectId } : nobody;
  });
  server.decorate('admitByBody', async (request) => {
    request.caller = { ...nobody, projectId: 'in-body' };
  });
  bodies(server);
  await server.register(async (scope: App) => {
    takes(scope, admission(scope));
    const handler = async (request: { readonly body: unknown }) => {
      await new Promise<void>((resolve) => held.push(resolve));
      if (request.body === 'fail') throw new Error('It broke');
      return 'done';
    };
    scope.route({ method: 'POST', url: '/', handler });
  });
  const post = async (project: string | undefined, payload: string): Promise<number> => {
    const headers = { 'content-type': 'application/json', ...(project !== undefined && { 'x-project': project }) };
    return (await server.inject({ method: 'POST', url: '/', headers, payload })).statusCode;
  };
  /** Resolves when so many requests are in the handler, and nobody else comes to it. */
  const reached = async (count: number): Promise<void> => {
    await expect.poll(() => held.length).toBe(count);
    await server.inject({ method: 'GET', url: '/' });
    expect(held).toHaveLength(count);
  };
  const letGo = (): void => held.splice(0).forEach((go) => go());
  return { server, post, reached, letGo };
};

it('Of one project so much is worked on at a time, so much waits, and the next is told to come again', async () => {
  const { server, post, reached, letGo } = await opened();
  const all = Array.from({ length: inHand + inLine }, () => post('greedy', bodyOf(bodyLimit)));
  await reached(inHand);
  const headers = { 'content-type': 'application/json', 'x-project': 'greedy' };
  const refused = await server.inject({ method: 'POST', url: '/', headers, payload: bodyOf(small + 1) });
  expect({ statusCode: refused.statusCode, retryAfter: refused.headers['retry-after'] }).toEqual({
    statusCode: 429,
    retryAfter: '1',
  });
  expect(refused.json()).toMatchObject({ code: 'too-many-requests', detail: expect.stringMatching(/in a second/) });

  // Another project, and a small body of the same one, are worked on at once.
  const others = [post('other', bodyOf(bodyLimit)), post('greedy', bodyOf(small))];
  await reached(inHand + 2);
  for (let left = inHand + inLine; left > 0; left -= inHand) {
    letGo();
    await reached(Math.min(inHand, Math.max(0, left - inHand)));
  }
  expect(await Promise.all([...all, ...others])).toEqual(Array(inHand + inLine + 2).fill(200));
});

it('Whose key is in the body waits like others', async () => {
  const { post, reached, letGo } = await opened();
  const { bodies: most } = large.ofProject;
  const all = Array.from({ length: most + 1 }, () => post(undefined, bodyOf(bodyLimits.keylessBytes)));
  await reached(most);
  letGo();
  await reached(1);
  letGo();
  expect(await Promise.all(all)).toEqual(Array(most + 1).fill(200));
});

it('What fails, or can not be read, gives back what it had', async () => {
  const { post, reached, letGo } = await opened();
  const fails = `"fail"${' '.repeat(bodyLimit - 6)}`;
  for (let n = 0; n < 2; n++) {
    const all = [...Array.from({ length: inHand }, () => post('greedy', fails))];
    await reached(inHand);
    letGo();
    expect(await Promise.all(all)).toEqual(Array(inHand).fill(500));
    const broken = Array.from({ length: inHand + inLine }, () => post('greedy', 'x'.repeat(bodyLimit)));
    expect(await Promise.all(broken)).toEqual(Array(inHand + inLine).fill(400));
  }
});

it('The routes that record let in so much of a project at a time, whatever becomes of it', async () => {
  const { transport, project } = app();
  const { apiKey } = await project('Keys');
  const post = (body: unknown) =>
    transport({ method: 'POST', path: '/v1/batch', body, headers: { 'content-type': 'text/plain' } });
  const text = 'x'.repeat(100_000);
  for (let n = 0; n < 2 * large.ofProject.bodies; n++) {
    const [known, unknown, broken] = await Promise.all([
      post(JSON.stringify({ writeKey: apiKey, batch: [], text })),
      post(JSON.stringify({ writeKey: 'nobody', batch: [], text })),
      post(`{"writeKey":"${apiKey}",${text}`),
    ]);
    expect({ knownStatus: known.status, unknownStatus: unknown.status, brokenStatus: broken.status }).toEqual({
      knownStatus: 200,
      unknownStatus: 401,
      brokenStatus: 400,
    });
  }
});
