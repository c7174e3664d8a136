import { parentPort, workerData } from 'node:worker_threads';

type Bystander = { readonly url: string; readonly key: string; readonly every: number };

const { url, key, every } = workerData as Bystander;
const port = parentPort;
if (!port) throw new TypeError('This runs in a thread only');

const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
const ends = { over: false };
const took: number[] = [];
const failures: string[] = [];

const ask = async (path: string, body?: object): Promise<void> => {
  const begun = performance.now();
  try {
    const answer = await fetch(`${url}${path}`, {
      ...{ headers, method: body ? 'POST' : 'GET' },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (answer.status >= 300) failures.push(`${path}: ${answer.status} ${text.slice(0, 200)}`);
  } catch (error) {
    failures.push(`${path}: ${String(error)}`);
  }
  took.push(performance.now() - begun);
};

port.once('message', () => {
  ends.over = true;
});

// One that has just begun is slower than the server: it is not measured.
await ask('/api/leads?limit=1');
took.length = 0;
port.postMessage('begun');
// Each request goes out when it is due, whether the one before was answered or not: what waits behind a stall is counted too.
const answers: Promise<void>[] = [];
for (let n = 0; !ends.over; n++) {
  const event = { eventType: 'page_view', anonymousId: `bystander-${n % 20}`, properties: { n } };
  answers.push(n % 2 === 0 ? ask('/api/events/ingest', event) : ask('/api/leads?limit=10'));
  await new Promise((resolve) => setTimeout(resolve, every));
}
await Promise.all(answers);
port.postMessage({ took, failures });
port.close();
