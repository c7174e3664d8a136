import { z } from 'zod';
import type { Product } from './product.ts';

const dashboard = z.object({ totals: z.object({ leads: z.number(), activities: z.number() }) });
const page = z.object({ data: z.array(z.object({ activities: z.number() })), nextCursor: z.string().nullable() });

/** Asks with reads that wait, for as long as it takes, until the read models have what is up to a position. */
const askedAt = async (product: Product, key: string, path: string, position: number): Promise<unknown> => {
  const headers = { authorization: `Bearer ${key}`, 'leadfold-after-position': String(position) };
  let answer = await fetch(product.url + path, { headers });
  while (answer.status === 503) {
    await answer.arrayBuffer();
    answer = await fetch(product.url + path, { headers });
  }
  if (answer.ok) return answer.json();
  throw new Error(`GET ${path} was answered ${answer.status}: ${await answer.text()}`);
};

/** Resolves with what the dashboard counts when the read models have everything up to a position. */
export const shownAt = async (product: Product, key: string, position: number) =>
  dashboard.parse(await askedAt(product, key, '/api/analytics/dashboard', position)).totals;

/** Throws unless the read models have as many events as were acknowledged, in all and when the leads' are added up. */
export const mustShow = async (product: Product, key: string, position: number, events: number): Promise<void> => {
  const totals = await shownAt(product, key, position);
  let [leads, activities, cursor]: [number, number, string | null] = [0, 0, ''];
  while (cursor !== null) {
    const path = `/api/leads?limit=200${cursor && `&cursor=${encodeURIComponent(cursor)}`}`;
    const { data, nextCursor } = page.parse(await askedAt(product, key, path, position));
    leads += data.length;
    activities += data.reduce((sum, lead) => sum + lead.activities, 0);
    cursor = nextCursor;
  }
  if (totals.activities === events && activities === events && totals.leads === leads) return;
  throw new Error(
    `${events} events were acknowledged, but the dashboard counts ${totals.activities} of ${totals.leads} leads, ` +
      `and the ${leads} leads have ${activities}: the read models lost or doubled some`,
  );
};
