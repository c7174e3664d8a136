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
      headers,
      method: body ? 'POST' : 'GET',
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

/** What this client asks for as its n-th request: every other one records, the others read. */
const askFor = (n: number): Promise<void> => {
  const event = { eventType: 'page_view', anonymousId: `bystander-${n % 20}`, properties: { n } };
  return n % 2 === 0 ? ask('/api/events/ingest', event) : ask('/api/leads?limit=10');
};

// A client and a server that have just begun are slower, whatever others do: that is not measured.
for (let n = 0; n < 40; n++) await askFor(n);
took.length = 0;
port.postMessage('begun');
// Each request goes out when it is due, whether the one before was answered or not: what waits behind a stall is counted too.
const answers: Promise<void>[] = [];
for (let n = 0; !ends.over; n++) {
  answers.push(askFor(n));
  await new Promise((resolve) => setTimeout(resolve, every));
}
await Promise.all(answers);
port.postMessage({ took, failures });
port.close();
