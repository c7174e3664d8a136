// Asks an HTTP server questions one at a time while it sends it events, and tells how long the answers took.
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Asked, Asking, Question } from './asking.ts';

type Answer = { readonly status: number; readonly body: string; readonly took: number };

const [{ url, key, questions, times, events }] = (await once(process, 'message')) as [Asking];
const [asker, sender] = [new Agent({ keepAlive: true }), new Agent({ keepAlive: true })];

const exchange = async (agent: Agent, path: string, body?: string): Promise<Answer> => {
  const headers = { authorization: `Bearer ${key}`, ...(body !== undefined && { 'content-type': 'application/json' }) };
  const begun = performance.now();
  const sent = request(`${url}${path}`, { agent, headers, method: body === undefined ? 'GET' : 'POST' });
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const answer = await text(response);
  return { status: response.statusCode ?? 0, body: answer, took: performance.now() - begun };
};

const ask = async ({ paths, shows }: Question, nth: number): Promise<number> => {
  const path = paths[nth % paths.length] ?? '';
  const { status, body, took } = await exchange(asker, path);
  const shown: unknown = shows === undefined ? [true] : (JSON.parse(body) as Record<string, unknown>)[shows];
  if (status === 200 && Array.isArray(shown) && shown.length > 0) return took;
  throw new Error(`GET ${path} was answered ${status}: ${body.slice(0, 500)}`);
};

const asked = { done: false };

/** Sends a body at a steady pace, late ones at once, until everything is asked. Says how many were acknowledged. */
const send = async (): Promise<number> => {
  const begun = performance.now();
  let acknowledged = 0;
  for (const body of events.bodies) {
    if (asked.done) break;
    const { status, body: answer } = await exchange(sender, events.path, body);
    if (status !== 200) throw new Error(`POST ${events.path} was answered ${status}: ${answer.slice(0, 500)}`);
    acknowledged++;
    await sleep(Math.max(0, begun + acknowledged * events.everyMs - performance.now()));
  }
  return acknowledged;
};

const sending = send();
const begun = performance.now();
const latencies: Record<string, number[]> = Object.fromEntries(questions.map(({ name }) => [name, []]));
for (let nth = 0; nth < times; nth++) {
  for (const question of questions) latencies[question.name]?.push(await ask(question, nth));
}
const seconds = (performance.now() - begun) / 1_000;
asked.done = true;
process.send?.({ latencies, acknowledged: await sending, seconds } satisfies Asked, () => process.exit());
