import { once } from 'node:events';
import { createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { z } from 'zod';

const delivery = z.object({
  id: z.string(),
  sequence: z.int(),
  position: z.int(),
  data: z.object({ leadId: z.string() }),
});

/** What an endpoint was told of a lead: the last that came, and the last that it took. */
type Heard = { arrived: number; taken: number };

/** What is told, as it is known by: where, and its id. */
export const toldKey = (endpoint: string, id: string): string => `${endpoint} ${id}`;

/** Every so many requests one is refused, never two in a row: an endpoint that only fails is left alone for long. */
const refusesEvery = 9;

/**
 * What endpoints are told goes here. It answers after a few ms of chance, and notes what must not be: what came twice at once, what
 * came before what was to come before it, and two ids of one fact.
 */
export const openReceiver = async (below: (limit: number) => number) => {
  /** By `toldKey`, the position of what was taken. */
  const taken = new Map<string, number>();
  const [positions, heard, open] = [new Map<string, string>(), new Map<string, Heard>(), new Map<string, string>()];
  const faults: string[] = [];
  const counts = { requests: 0, again: 0, atOnce: 0 };
  const listeners = new Set<() => void>();
  const tell = (): void => {
    for (const listener of [...listeners]) listener();
  };

  /** What is wrong about a request that came, if something is. */
  const faultOf = (
    endpoint: string,
    { id, sequence, position, data }: z.infer<typeof delivery>,
  ): string | undefined => {
    const about = `${endpoint} ${data.leadId}`;
    const last = heard.get(about) ?? { arrived: -1, taken: -1 };
    heard.set(about, last);
    const known = positions.get(toldKey(endpoint, String(position)));
    positions.set(toldKey(endpoint, String(position)), id);
    if (known !== undefined && known !== id) return `${known} and ${id} tell ${endpoint} of the fact at ${position}`;
    if (sequence > last.arrived && last.taken < last.arrived)
      return `${sequence} of ${about} came before ${last.arrived} was taken`;
    if (sequence < last.arrived && !taken.has(toldKey(endpoint, id)))
      return `${sequence} of ${about} came after ${last.arrived}`;
    last.arrived = Math.max(last.arrived, sequence);
    return undefined;
  };

  const server = createServer((request, response) => {
    const answer = async (): Promise<void> => {
      const { id, ...more } = delivery.parse(JSON.parse((await buffer(request)).toString()));
      const endpoint = request.url ?? '';
      const key = toldKey(endpoint, id);
      counts.requests += 1;
      const mine = `${counts.requests}`;
      const fault = faultOf(endpoint, { id, ...more });
      if (fault !== undefined) faults.push(fault);
      if ([...open.values()].includes(key)) counts.atOnce += 1;
      if (taken.has(key)) counts.again += 1;
      open.set(mine, key);
      response.once('close', () => open.delete(mine));
      const refused = counts.requests % refusesEvery === 0;
      setTimeout(() => {
        if (!open.delete(mine)) return;
        const last = heard.get(`${endpoint} ${more.data.leadId}`);
        if (!refused && last) last.taken = Math.max(last.taken, more.sequence);
        if (!refused) taken.set(key, more.position);
        response.writeHead(refused ? 503 : 200).end(tell);
      }, below(6));
      tell();
    };
    answer().catch((error: unknown) => {
      faults.push(`A request was not understood: ${String(error)}`);
      response.destroy();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  return {
    urlOf: (endpoint: string): string => `http://127.0.0.1:${port}${endpoint}`,
    taken: taken as ReadonlyMap<string, number>,
    faults: faults as readonly string[],
    counts: counts as Readonly<typeof counts>,
    /** How many requests are under way. */
    open: (): number => open.size,
    /** Calls back at each request and each answer until the returned function is called. */
    listen: (listener: () => void) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close: (): void => {
      server.close();
      server.closeAllConnections();
    },
  };
};
export type Receiver = Awaited<ReturnType<typeof openReceiver>>;
