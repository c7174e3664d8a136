// Sends bodies of events by a clock, and after each second one reads until the read models have what was acknowledged.
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Paced, Pacing } from './pacing.ts';

const [{ url, key, path, bodies, everyMs, warmUp, read }] = (await once(process, 'message')) as [Pacing];
const agent = new Agent({ keepAlive: true });
const limit = bodies.length * everyMs + 60_000;
setTimeout(() => {
  throw new Error(`What was acknowledged could not be read within ${limit} ms`);
}, limit).unref();

const exchange = async (to: string, more: Readonly<Record<string, string>>, body?: string) => {
  const headers = { authorization: `Bearer ${key}`, ...more };
  const sent = request(url + to, { agent, headers, method: body === undefined ? 'GET' : 'POST' });
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return { status: response.statusCode ?? 0, headers: response.headers, body: await text(response) };
};

/** Resolves when a read finds everything up to a position. A read that has waited too long is asked again. */
const untilRead = async (position: number): Promise<void> => {
  let answer = { status: 503, body: '' };
  while (answer.status === 503) answer = await exchange(read, { 'leadfold-after-position': String(position) });
  if (answer.status !== 200) throw new Error(`GET ${read} was answered ${answer.status}: ${answer.body.slice(0, 500)}`);
};

const answers: number[] = [];
const lags: number[] = [];

/** Sends a body. Resolves when it was answered, and if it is sampled when it could be read too. */
const send = async (body: string, nth: number): Promise<void> => {
  const begun = performance.now();
  const { status, headers, body: said } = await exchange(path, { 'content-type': 'application/json' }, body);
  const answered = performance.now();
  const position = Number(headers['leadfold-position']);
  if (status !== 200 || !(position > 0)) throw new Error(`POST ${path} was answered ${status}: ${said.slice(0, 500)}`);
  if (nth < warmUp) return;
  answers.push(answered - begun);
  if (nth % 2 === 1) return;
  await untilRead(position);
  lags.push(performance.now() - answered);
};

/** Sends all bodies by the clock. Says how much later than it said the latest one was sent. */
const sendAll = async () => {
  const begun = performance.now();
  const sending: Promise<void>[] = [];
  let late = 0;
  for (const [nth, body] of bodies.entries()) {
    const due = begun + nth * everyMs;
    await sleep(Math.max(0, due - performance.now()));
    late = Math.max(late, performance.now() - due);
    sending.push(send(body, nth));
  }
  await Promise.all(sending);
  return late;
};

process.send?.({ late: await sendAll(), answers, lags } satisfies Paced, () => process.exit());
