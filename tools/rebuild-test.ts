import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { startProduct } from '../bench/support/product.ts';
import { grouped } from '../demo/table.ts';
import { rebuiltBeside } from './prove/blue-green.ts';
import { activitiesEach, writtenLog } from './prove/million.ts';
import { wholeFrom } from './support/arguments.ts';
import { ask, bodyOf, Unexpected } from './support/http.ts';
import { soundnessOf, soundnessRow } from './support/soundness.ts';
import type { Target } from './support/target.ts';
import type { Row } from './support/tool.ts';
import { runAlone } from './support/tool.ts';

const health = z.object({ components: z.array(z.object({ lag: z.number().optional() })) });
const dashboard = z.object({ totals: z.object({ leads: z.int(), activities: z.int() }) });

/** How long all read models may take, in ms. */
const patience = 1_800_000;

/** Resolves when the read models have the whole log. */
const untilCaughtUp = async ({ url, key }: Target, say: (line: string) => void): Promise<void> => {
  const end = performance.now() + patience;
  for (let nth = 0; performance.now() < end; nth++) {
    const { status, body } = await ask(`${url}/api/health`, { key });
    const lag = Math.max(0, ...(health.safeParse(body).data?.components ?? []).map((each) => each.lag ?? 0));
    if (status === 200 && lag === 0) return;
    if (nth % 50 === 49) say(`${grouped(lag)} facts to go`);
    await sleep(100);
  }
  throw new Unexpected(`The read models have not caught up after ${patience / 60_000} minutes`);
};

const rateRow = (what: string, facts: number, seconds: number): Row => ({
  what,
  found: `${seconds.toFixed(1)} s, ${grouped(Math.round(facts / seconds))} facts/s`,
});

/** Rebuilds one projection beside the serving one, where the service can. */
const besideRow = async (target: Target, facts: number): Promise<readonly Row[]> => {
  const seconds = await rebuiltBeside(target, 'leads');
  return seconds === undefined ? [] : [rateRow('leads, beside the serving ones', facts, seconds)];
};

const measure = async (leads: number, folder: string, say: (line: string) => void) => {
  const activities = leads * activitiesEach;
  const facts = leads + activities;
  const { dataDir, projectId, apiKey } = await writtenLog(folder, leads, say);
  say(`making the read models of ${grouped(facts)} facts`);
  const begun = performance.now();
  const alive = async (url: string): Promise<boolean> => (await fetch(`${url}/livez`)).ok;
  const product = await startProduct({ dataDir, env: { LOG_LEVEL: 'silent' }, hasStarted: alive });
  const target = { url: product.url, key: product.adminKey };
  try {
    const own: Target = { ...target, own: true, stop: product.stop };
    await untilCaughtUp(own, say);
    const seconds = (performance.now() - begun) / 1_000;
    const beside = await besideRow(own, facts);
    const answer = await ask(`${product.url}/api/analytics/dashboard`, { key: apiKey });
    const { totals } = bodyOf(answer, 200, dashboard);
    const shown: Row = {
      what: 'shown then',
      found: `${grouped(totals.leads)} leads, ${grouped(totals.activities)} activities`,
      must: `${grouped(leads)} leads, ${grouped(activities)} activities`,
      holds: totals.leads === leads && totals.activities === activities,
    };
    const checked = performance.now();
    const sound = soundnessRow(await soundnessOf(own, projectId));
    const took = `, checked in ${((performance.now() - checked) / 1_000).toFixed(1)} s`;
    const rows = [
      rateRow('all read models', facts, seconds),
      ...beside,
      shown,
      { ...sound, found: sound.found + took },
    ];
    return { rows, more: { facts, seconds } };
  } finally {
    await product.stop();
  }
};

await runAlone({
  name: 'rebuild-test',
  about:
    'Deletes all read models of a large log, measures how long it takes until they are there again, and checks them.',
  options: (script) =>
    script.option(
      '--events <count>',
      `how many events the log has, ${activitiesEach} of each lead`,
      wholeFrom('events', 1),
      1_000_000,
    ),
  run: async ({ events }, say) => {
    const leads = Math.ceil(events / activitiesEach);
    const folder = mkdtempSync(join(tmpdir(), 'leadfold-rebuild-'));
    try {
      return await measure(leads, folder, say);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
});
