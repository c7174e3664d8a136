// Reads streams of events, as many as a message asks for of each key, and tells how many were told and how many are open.
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:http';
import type { Asked, Heard } from './streaming.ts';

const heard: { told: number; open: number } = { told: 0, open: 0 };
const agent = new Agent({ keepAlive: false, maxSockets: Infinity });

const open = async (url: string, key: string): Promise<void> => {
  const sent = request(`${url}/api/stream`, { agent, headers: { authorization: `Bearer ${key}` } }).end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  if (response.statusCode !== 200) throw new Error(`A stream was answered ${response.statusCode}`);
  heard.open += 1;
  response.on('data', (bytes: Buffer) => {
    for (let at = bytes.indexOf('\ndata: '); at !== -1; at = bytes.indexOf('\ndata: ', at + 1)) heard.told += 1;
  });
  response.once('close', () => (heard.open -= 1));
};

process.on('message', (asked: Asked | 'heard') => {
  if (asked === 'heard') return void process.send?.({ ...heard } satisfies Heard);
  const all = asked.keys.flatMap((key) => Array.from({ length: asked.each }, () => open(asked.url, key)));
  void Promise.all(all).then(() => process.send?.({ ...heard } satisfies Heard));
});
