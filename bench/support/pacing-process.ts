// Sends bodies of events by a clock, and after one in so many reads until the read models have what was acknowledged.
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Answered } from '../../tools/load/connection.ts';
import { loaded } from '../../tools/load/generator.ts';
import type { Paced, Pacing } from './pacing.ts';

/** More than are ever busy at a pace that the product keeps. */
const concurrent = 100;

const [{ url, key, path, bodies, rate, warmUp, expected, read }] = (await once(process, 'message')) as [Pacing];
const agent = new Agent({ keepAlive: true });
const limit = (bodies.length / rate) * 1_000 + 60_000;
setTimeout(() => {
  throw new Error(`What was acknowledged could not be read within ${limit} ms`);
}, limit).unref();

/** Reads what waits for a position. Gives the status and the text of the answer. */
const readAt = async (position: string) => {
  const headers = { authorization: `Bearer ${key}`, 'leadfold-after-position': position };
  const sent = request(url + read.path, { agent, headers }).end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return { status: response.statusCode ?? 0, body: await text(response) };
};

const answers: number[] = [];

/** How long a read takes to find everything up to a position, in ms. A read that has waited too long is asked again. */
const lagOf = async (head: string): Promise<number> => {
  const answered = performance.now();
  const [, position] = /\r\nleadfold-position: (\d+)/i.exec(head) ?? [];
  if (position === undefined) throw new Error(`POST ${path} was answered without a position: ${head}`);
  let answer = await readAt(position);
  while (answer.status === 503) answer = await readAt(position);
  if (answer.status === 200) return performance.now() - answered;
  throw new Error(`GET ${read.path} was answered ${answer.status}: ${answer.body.slice(0, 500)}`);
};

const lags: Promise<number>[] = [];
const seen = { met: 0 };
const onAnswer: Answered = (result, due, head = '') => {
  if (result !== expected || seen.met++ < warmUp) return;
  answers.push(performance.now() - due);
  if (seen.met % read.every === 0) lags.push(lagOf(head));
};

const requests = bodies.map((body) => ({ path, body }));
const { results, late } = await loaded({ url, key, requests, concurrent, rate, onAnswer });
if (results[expected] !== bodies.length)
  throw new Error(`POST ${path} was not always answered ${expected}: ${JSON.stringify(results)}`);
process.send?.({ answers, lags: await Promise.all(lags), late } satisfies Paced, () => process.exit());
