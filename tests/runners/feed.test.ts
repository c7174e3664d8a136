import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { LeadfoldEvent } from '../../src/domain/events.ts';
import type { EventStore } from '../../src/eventstore/event-store.ts';
import { StoreUnavailable } from '../../src/eventstore/event-store.ts';
import type { Item, Wanted } from '../../src/queries/deliveries/feed.ts';
import { openFeed } from '../../src/runners/feed.ts';
import { openRecoveries } from '../../src/runners/recoveries.ts';
import { engineOver, openLog } from '../support/engine.ts';
import { leadCaptured, leadId, leadScored, projectId, stageChanged } from '../support/facts.ts';
import { noon } from '../support/noon.ts';

const metadata = { commandId: 'c', correlationId: 'c', causationId: 'c' };
const everything: Wanted = { projectId, types: undefined, leadId: undefined };

/** A feed over a log in memory, with a count of what it costs. `failing` makes following the log fail so often. */
const opened = () => {
  const log = openLog();
  onTestFinished(() => log.close());
  const costs = { follows: 0, reads: 0, scans: 0, failing: 0 };
  const store: EventStore = {
    ...log,
    read: (...args) => {
      costs.reads += 1;
      return log.read(...args);
    },
    scan: (...args) => {
      costs.scans += 1;
      return log.scan(...args);
    },
    async *follow(...args) {
      costs.follows += 1;
      for await (const batch of log.follow(...args)) {
        yield batch;
        if (costs.failing-- > 0) throw new StoreUnavailable('Away');
      }
    },
  };
  const feed = openFeed({
    store,
    states: engineOver(store).states,
    clock: () => noon,
    recoveries: openRecoveries(),
  });
  onTestFinished(() => feed.stop());
  const ends = new Map<string, number>();
  const append = async (facts: readonly LeadfoldEvent[], stream = `lead-${projectId}.${leadId}`) => {
    const events = facts.map((fact) => ({ ...fact, id: randomUUID(), metadata }));
    const { revision, position } = await log.append(stream, ends.get(stream) ?? -1, events);
    ends.set(stream, revision);
    return position;
  };
  return { log, feed, costs, append };
};

/** Somebody who listens, and keeps what comes. */
const listenTo = (feed: ReturnType<typeof openFeed>, from: number, wanted = everything) => {
  const items: Item[] = [];
  const far = { position: from };
  const waiting = new Set<() => void>();
  const leave = feed.join(from, {
    wanted,
    take: (item) => void items.push(item),
    flush: (position) => {
      far.position = position;
      waiting.forEach((look) => look());
    },
  });
  const reached = (position: number): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (far.position < position) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
    });
  return { items, leave, reached, told: () => items.map(({ position, type }) => [position, type]) };
};

afterEach(() => void vi.useRealTimers());

describe('The feed of a process', () => {
  it('follows nothing while nobody listens, and looks once for a page', async () => {
    const { feed, costs, append } = opened();
    await append([leadCaptured(), leadScored()]);
    expect(feed.isFollowing()).toBe(false);
    const page = await feed.page(0, everything, 50);
    expect(page.items.map(({ type }) => type)).toEqual(['lead.captured', 'lead.scored']);
    expect([costs.follows, costs.scans, page.atEnd]).toEqual([0, 1, true]);
  });

  it('follows the log once for all who listen, and makes what is told once', async () => {
    const { feed, costs, append } = opened();
    const from = await append([leadCaptured()]);
    const all = Array.from({ length: 200 }, () => listenTo(feed, from));
    const end = await append([leadScored(), stageChanged(), leadScored({ delta: 2 })]);
    await Promise.all(all.map(({ reached }) => reached(end)));
    const [first, ...others] = all;
    expect(first?.told()).toEqual([
      [2, 'lead.scored'],
      [3, 'lead.stage_changed'],
      [4, 'lead.scored'],
    ]);
    for (const { items } of others) items.forEach((item, at) => expect(item).toBe(first?.items[at]));
    expect([costs.follows, feed.listeners()]).toEqual([1, 200]);
    // One look at the fact before the stage changed, and one fold of the lead that goes on from fact to fact.
    expect(costs.reads).toBeLessThanOrEqual(4);
    // Pages of the same facts have them made already.
    const { reads } = costs;
    expect((await feed.page(from, everything, 50)).items).toEqual(first?.items);
    expect(costs.reads).toBe(reads);
  });

  it('makes nothing of what nobody wants', async () => {
    const { feed, costs, append } = opened();
    const from = await append([leadCaptured()]);
    const some = [
      listenTo(feed, from, { ...everything, types: ['lead.closed'] }),
      listenTo(feed, from, { ...everything, leadId: 'another' }),
      listenTo(feed, from, { ...everything, projectId: 'other' }),
    ];
    const { reads } = costs;
    const end = await append([leadScored(), leadScored(), stageChanged()]);
    await Promise.all(some.map(({ reached }) => reached(end)));
    expect(some.flatMap(({ items }) => items)).toEqual([]);
    expect(costs.reads).toBe(reads);
  });

  it('lets nobody in who is behind the others, and who is at the end by a page', async () => {
    const { feed, append } = opened();
    const from = await append([leadCaptured()]);
    const first = listenTo(feed, from);
    const end = await append([leadScored()]);
    await first.reached(end);
    const late = listenTo(feed, from);
    expect(late.leave).toBeUndefined();
    const page = await feed.page(from, everything, 50);
    const next = listenTo(feed, page.position);
    await next.reached(await append([leadScored()]));
    expect(next.told()).toEqual([[3, 'lead.scored']]);
    expect(first.told()).toEqual([
      [2, 'lead.scored'],
      [3, 'lead.scored'],
    ]);
  });

  it('goes on where it was when the store was away', async () => {
    const { feed, costs, append } = opened();
    costs.failing = 3;
    const from = await append([leadCaptured()]);
    const one = listenTo(feed, from);
    for (let n = 0; n < 5; n += 1) await one.reached(await append([leadScored({ delta: n })]));
    expect(one.told()).toEqual([2, 3, 4, 5, 6].map((position) => [position, 'lead.scored']));
    expect(costs.follows).toBeGreaterThan(1);
  });

  it('stops to follow some seconds after the last one has left, unless one comes back', async () => {
    const { feed, costs, append } = opened();
    const from = await append([leadCaptured()]);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    listenTo(feed, from).leave?.();
    vi.advanceTimersByTime(9_000);
    const back = listenTo(feed, from);
    vi.advanceTimersByTime(9_000);
    expect([feed.isFollowing(), costs.follows <= 1]).toEqual([true, true]);
    back.leave?.();
    vi.advanceTimersByTime(10_000);
    expect([feed.isFollowing(), feed.listeners()]).toEqual([false, 0]);
    vi.useRealTimers();
    const again = listenTo(feed, from);
    await again.reached(await append([leadScored()]));
    expect(again.told()).toEqual([[2, 'lead.scored']]);
  });
});
