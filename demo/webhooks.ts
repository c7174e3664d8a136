import { createHmac, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Check } from './checks.ts';
import { same } from './checks.ts';
import { ask, DemoError } from './http.ts';
import { createProject } from './projects.ts';
import type { Server } from './server.ts';
import { bold } from './table.ts';

/** Where the receiver of the demo is: a server has to let webhooks go there, and with the demo's it is not long until the next attempt. */
export const settingsOfWebhooks = { DELIVERY_ALLOW: '127.0.0.1/32', DELIVERY_SCHEDULE: '500ms,500ms,5s' } as const;

/** How often the receiver fails, and how long it is waited for, in ms. */
const [failures, patience] = [2, 30_000];

/** An attempt as the receiver saw it. */
type Attempt = { readonly id: string; readonly authentic: boolean; readonly status: number };

/** What came of a webhook that came in and was told on; undefined where the server lets none go to this machine. */
export type Webhooks = { readonly status: string; readonly leadId: string; readonly attempts: readonly Attempt[] };

/** The signature of Standard Webhooks: HMAC-SHA-256 with the secret's bytes over `id.seconds.body`. */
const signed = (secret: string, id: string, seconds: string, body: string): string => {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  return `v1,${createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64')}`;
};

const header = ({ headers }: IncomingMessage, name: string): string => String(headers[name] ?? '');

const isSigned = (request: IncomingMessage, secret: string, body: string): boolean => {
  const [id, seconds] = [header(request, 'webhook-id'), header(request, 'webhook-timestamp')];
  const expected = Buffer.from(signed(secret, id, seconds, body));
  const given = header(request, 'webhook-signature')
    .split(' ')
    .map((each) => Buffer.from(each));
  return given.some((each) => each.length === expected.length && timingSafeEqual(each, expected));
};

/** Listens on this machine, and fails a few times before it takes what it is told. */
const openReceiver = async () => {
  const attempts: Attempt[] = [];
  const known = { secret: '' };
  const server = createServer((request, response) => {
    const answer = async (): Promise<void> => {
      const body = await text(request);
      const status = attempts.length < failures ? 500 : 200;
      attempts.push({ id: header(request, 'webhook-id'), authentic: isSigned(request, known.secret, body), status });
      response.writeHead(status).end();
    };
    answer().catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new DemoError('The receiver of the demo has no port');
  return {
    url: `http://127.0.0.1:${address.port}/`,
    attempts: (): readonly Attempt[] => attempts,
    trust: (secret: string): void => void (known.secret = secret),
    close: () => new Promise<void>((resolve) => void server.close(() => resolve())),
  };
};

const endpoint = z.object({ secret: z.string() });
const source = z.object({ path: z.string(), secret: z.string() });
const received = z.object({
  status: z.string(),
  results: z.array(z.object({ leadId: z.string().optional() })),
});

/** Has a form tool send a signed webhook to a project of its own, and a system of the customer told of the lead, which fails at first. */
export const playWebhooks = async (server: Server): Promise<Webhooks | undefined> => {
  const receiver = await openReceiver();
  const { url, adminKey: key } = server;
  const { projectId } = await createProject(server, 'Cable Works');
  const make = async <S extends z.ZodType>(kind: string, shape: S, body: object): Promise<z.output<S>> =>
    (await ask({ url: `${url}/api/projects/${projectId}/${kind}`, key, body: JSON.stringify(body) }, shape)).body;
  try {
    const told = { url: receiver.url, types: ['lead.captured'], description: 'The demo' };
    receiver.trust((await make('endpoints', endpoint, told)).secret);
    const { path, secret } = await make('sources', source, { name: 'Form tool', scheme: 'standard' });
    const body = JSON.stringify({
      eventType: 'form_submit',
      email: 'wanda@webhook.example',
      traits: { name: 'Wanda Hook' },
    });
    const [id, seconds] = ['msg_demo_1', String(Math.floor(Date.now() / 1_000))];
    const signature = signed(secret, id, seconds, body);
    const headers = { 'webhook-id': id, 'webhook-timestamp': seconds, 'webhook-signature': signature };
    const { status, results } = (await ask({ url: `${url}${path}`, key, headers, body }, received)).body;
    const end = performance.now() + patience;
    while (receiver.attempts().at(-1)?.status !== 200 && performance.now() < end) await sleep(50);
    return { status, leadId: results[0]?.leadId ?? '', attempts: receiver.attempts() };
  } catch (error) {
    if (error instanceof DemoError && error.message.includes('(url-refused)')) return undefined;
    throw error;
  } finally {
    await receiver.close();
  }
};

/** What came in by webhook, and how it was told on. */
export const webhookReport = (webhooks: Webhooks | undefined): readonly string[] => {
  if (!webhooks)
    return ['Webhooks  none: DELIVERY_ALLOW of that server lets none go to 127.0.0.1, where the demo listens'];
  const { status, leadId, attempts } = webhooks;
  const answers = attempts.map((each) => each.status).join(', ');
  return [
    `${bold('Webhooks')}  in: signed by a form tool, ${status}, lead ${leadId.slice(0, 8)}; out: lead.captured, answered ${answers}`,
  ];
};

/** What must be so when webhooks came in and went out. */
export const webhookChecks = (webhooks: Webhooks | undefined): readonly Check[] => {
  if (!webhooks) return [];
  const { status, attempts } = webhooks;
  return [
    { claim: 'a signed webhook is taken', holds: status === 'queued', found: status },
    same('a receiver that fails twice is told a third time', attempts.length, failures + 1),
    same('each attempt has the same id', new Set(attempts.map(({ id }) => id)).size, 1),
    same('each attempt is signed', attempts.filter(({ authentic }) => authentic).length, attempts.length),
  ];
};
