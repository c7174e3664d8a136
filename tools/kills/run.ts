import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseConfig } from '../../src/config/config.ts';
import { startStandIns } from '../../tests/support/stand-in-processes.ts';
import type { Sent } from './asked.ts';
import type { Audit } from './audit.ts';
import { auditOf } from './audit.ts';
import type { Life } from './life.ts';
import { startLife } from './life.ts';
import type { Receiver } from './receiver.ts';
import { openReceiver } from './receiver.ts';

/** Where the processes keep their data: in files, one process at a time, or on stand-ins for servers, two at a time. */
export type Where = 'files' | 'servers';

/** How many leads there are, and how many activities are sent to each process: work for longer than it lives. */
const [leads, each] = [40, 3];
const endpoints = ['/first', '/second'];
/** How long what is waited for may take, in ms. */
const patience = 60_000;

type Below = (limit: number) => number;

/** What came of it. `hits` counts kills by what they hit. */
export type Killed = {
  readonly kills: number;
  readonly told: number;
  readonly requests: number;
  readonly atOnce: number;
  readonly faults: readonly string[];
  readonly hits: {
    /** A request was under way. */
    readonly underWay: number;
    /** Something was taken, and was told again: what came of it was not recorded. */
    readonly beforeOutcome: number;
    /** Something was recorded, and not acknowledged. */
    readonly beforeAcknowledged: number;
    /** Something was recorded that what is read from did not have. */
    readonly beforeProjected: number;
  };
};

const within = async <T>(what: string, work: Promise<T>): Promise<T> => {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`Not within ${patience / 1_000} s: ${what}`)), patience);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
};

/** Resolves at a request or an answer from which on something is so. */
const until = (what: string, receiver: Receiver, isSo: () => boolean): Promise<void> => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const look = (): void => {
    if (isSo()) resolve();
  };
  const forget = receiver.listen(look);
  look();
  return within(what, promise).finally(forget);
};

const ms = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Activities of a few people, each sent until it is acknowledged, as a client does. */
const openSending = (below: Below) => {
  const [waiting, acknowledged] = [new Map<string, Sent>(), new Set<string>()];
  let [made, lost, heard] = [0, 0, (): void => undefined];
  return {
    acknowledged: acknowledged as ReadonlySet<string>,
    lost: () => lost,
    recorded: ({ eventId, isNew }: { readonly eventId: string; readonly isNew: boolean }): void => {
      if (waiting.delete(eventId) && !isNew) lost += 1;
      acknowledged.add(eventId);
      heard();
    },
    /** Sends what was not acknowledged, and more. */
    to: (life: Life, more: number): void => {
      for (let left = more - waiting.size; left > 0; left--) {
        const eventType = below(4) === 0 ? 'contract_signed' : 'signup';
        const sent = { eventId: `e${(made += 1)}`, userId: `u${below(leads)}`, eventType };
        waiting.set(sent.eventId, sent);
      }
      for (const sent of waiting.values()) life.ask({ kind: 'record', sent });
    },
    next: (): Promise<void> => new Promise((resolve) => (heard = resolve)),
    none: async (): Promise<void> => {
      while (waiting.size > 0) await new Promise<void>((resolve) => (heard = resolve));
    },
  };
};
type Sending = ReturnType<typeof openSending>;

/**
 * Resolves when it is time to kill: at a request, after an answer, after an acknowledgement, or at any time. Over files that is most
 * often in the first moments, in which what was left is sent.
 */
const momentOf = async (where: Where, below: Below, receiver: Receiver, sending: Sending): Promise<void> => {
  const { requests } = receiver.counts;
  const { size } = receiver.taken;
  const kind = below(where === 'files' ? 8 : 4);
  if (kind === 0) return until('a request', receiver, () => receiver.counts.requests > requests + below(4));
  if (kind === 1) await until('an answer', receiver, () => receiver.taken.size > size + below(3));
  if (kind === 2) await within('an acknowledgement', sending.next());
  await ms(kind > 2 ? below(40) : below(4));
};

const faultsIn = (audit: Audit, receiver: Receiver, acknowledged: ReadonlySet<string>): readonly string[] => {
  const faults = [...receiver.faults];
  const missing = [...audit.due].filter(([key]) => !receiver.taken.has(key));
  const others = [...receiver.taken].filter(([key, position]) => audit.due.get(key) !== position);
  const unrecorded = [...acknowledged].filter((id) => audit.recorded.get(id) !== 1);
  const twice = [...audit.succeeded].filter(([, times]) => times !== 1);
  if (missing.length > 0) faults.push(`${missing.length} were never told, as ${String(missing[0])}`);
  if (others.length > 0) faults.push(`${others.length} were told that are of no fact, as ${String(others[0])}`);
  if (unrecorded.length > 0)
    faults.push(`${unrecorded.length} were acknowledged and not recorded once: ${unrecorded[0]}`);
  if (twice.length > 0) faults.push(`${twice.length} succeeded more than once, as ${String(twice[0])}`);
  if (audit.succeeded.size !== audit.due.size)
    faults.push(`${audit.succeeded.size} of ${audit.due.size} deliveries are recorded as succeeded`);
  return faults;
};

/**
 * Kills processes that record, project and send, so many times, at moments of chance, and looks whether all was told as it must be.
 * `chance` gives numbers from 0 to below 1.
 */
export const killing = async (where: Where, kills: number, chance: () => number): Promise<Killed> => {
  const below: Below = (limit) => Math.floor(chance() * limit);
  const dataDir = mkdtempSync(join(tmpdir(), 'leadfold-kills-'));
  const servers = where === 'servers' ? await startStandIns() : undefined;
  const receiver = await openReceiver(below);
  const sending = openSending(below);
  const schedule = Array.from({ length: 20 }, () => '20ms').join(',');
  const key = { LEADFOLD_ADMIN_KEY: 'The-root-key-of-processes-0123456789-abc' };
  const env = {
    DATA_DIR: dataDir,
    DELIVERY_ALLOW: '127.0.0.0/8',
    DELIVERY_SCHEDULE: schedule,
    ...key,
    ...servers?.env,
  };
  const lives = new Set<Life>();
  let [underWay, beforeProjected] = [0, 0];
  const start = (): Life => {
    const life = startLife(env, sending.recorded);
    lives.add(life);
    return life;
  };
  const open = async (life: Life): Promise<void> => {
    life.ask({ kind: 'open' });
    const { behind } = await within('a process works', life.says('open'));
    if (behind > 0) beforeProjected += 1;
  };
  try {
    const first = start();
    first.ask({ kind: 'endpoints', urls: endpoints.map(receiver.urlOf) });
    await within('the endpoints are there', first.says('endpoints'));
    first.ask({ kind: 'close' });
    await within('the first process ends', first.says('closed'));
    let next = start();
    const working: Life[] = [];
    const replace = async (): Promise<void> => {
      const life = next;
      working.push(life);
      // Loaded while this one works, and told to work when it is killed.
      next = start();
      await open(life);
    };
    for (let left = where === 'files' ? 1 : 2; left > 0; left--) await replace();
    for (let kill = 0; kill < kills; kill++) {
      const [victim] = working.splice(below(working.length), 1);
      if (!victim) throw new Error('Nobody works');
      const moment = momentOf(where, below, receiver, sending);
      sending.to(victim, each);
      await moment;
      if (receiver.open() > 0) underWay += 1;
      await victim.kill();
      lives.delete(victim);
      await replace();
    }
    const [last] = working;
    if (last) sending.to(last, 1);
    await within('all is acknowledged', sending.none());
    const { due } = await auditOf(parseConfig(env).eventStore, endpoints);
    await until('all is told', receiver, () => receiver.taken.size >= due.size && receiver.open() === 0);
    for (const life of working) life.ask({ kind: 'close' });
    await within('the last process ends', Promise.all(working.map((life) => life.says('closed'))));
    const audit = await auditOf(parseConfig(env).eventStore, endpoints);
    const faults = faultsIn(audit, receiver, sending.acknowledged);
    const { requests, atOnce, again } = receiver.counts;
    const hits = { underWay, beforeOutcome: again, beforeAcknowledged: sending.lost(), beforeProjected };
    return { kills, told: audit.due.size, requests, atOnce, faults, hits };
  } finally {
    await Promise.all([...lives].map((life) => life.kill()));
    receiver.close();
    await servers?.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
};
