import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Capture } from '../../src/flows/capture-groups.ts';
import { capture } from '../../src/flows/capture.ts';
import { completeMerge } from '../../src/flows/merge.ts';
import type { PublishedModel } from '../../src/domain/scoring/published-model.ts';
import { streamParts } from '../../src/domain/streams.ts';
import type { EventStore } from '../../src/eventstore/event-store.ts';
import { StoreUnavailable } from '../../src/eventstore/event-store.ts';
import { models } from '../support/arbitraries.ts';
import { allFacts, breaking, engineOver, openWith, request } from '../support/engine.ts';
import { activity, anonymousId, modelOf, projectId, userId } from '../support/facts.ts';
import { peopleIn, wrongsIn } from '../support/outcome.ts';
import { batches, everyone } from '../support/traffic.ts';

type Story = {
  readonly model: PublishedModel;
  readonly past: readonly (readonly Capture[])[];
  readonly now: readonly Capture[];
};

const begin = async ({ model, past }: Story): Promise<EventStore> => {
  const store = await openWith(model);
  const engine = engineOver(store);
  for (const [at, captures] of past.entries()) await capture(engine, projectId, captures, request(`past-${at}`));
  return store;
};

/** What the reactor does with every merge in the log. */
const completeMerges = async (store: EventStore): Promise<void> => {
  const engine = engineOver(store);
  for (const { type, stream, id } of await allFacts(store)) {
    const parts = type === 'LeadMerged' ? streamParts('lead', stream) : undefined;
    if (parts) await completeMerge(engine, { projectId, from: parts.id }, request(`merged-${id}`));
  }
};

/** Runs the story with a break at the nth append; the client sends its request again. Undefined when there is no such append. */
const interrupted = async (story: Story, nth: number, when: 'before' | 'after', restarted: boolean) => {
  const store = await begin(story);
  const broken = breaking(store, nth, when);
  const engine = engineOver(broken.store);
  const attempt = capture(engine, projectId, story.now, request('now'));
  const failed = await attempt.then(
    () => false,
    (error: unknown) => error instanceof StoreUnavailable,
  );
  expect(failed).toBe(broken.count.appends >= nth);
  const answers = await capture(restarted ? engineOver(store) : engine, projectId, story.now, request('now'));
  expect(answers).toHaveLength(story.now.length);
  await completeMerges(store);
  const people = await peopleIn(store, everyone);
  const wrongs = await wrongsIn(store);
  await store.close();
  return failed ? { people, wrongs } : undefined;
};

const breakEverywhere = async (story: Story): Promise<number> => {
  const whole = await begin(story);
  await capture(engineOver(whole), projectId, story.now, request('now'));
  const people = await peopleIn(whole, everyone);
  await whole.close();
  let appends = 0;
  // Another process finds the same after an append as before the next one.
  const ways = [
    ['after', true],
    ['after', false],
    ['before', false],
  ] as const;
  for (const [when, restarted] of ways) {
    for (let nth = 1; ; nth++) {
      const outcome = await interrupted(story, nth, when, restarted);
      if (!outcome) break;
      expect({ nth, when, restarted, ...outcome }).toEqual({ nth, when, restarted, people, wrongs: [] });
      appends += 1;
    }
  }
  return appends / ways.length;
};

describe('A capture that is interrupted at any append and sent again', () => {
  it('ends as if nothing had happened', async () => {
    const stories = fc.record({ model: models, all: batches(4) });
    await fc.assert(
      fc.asyncProperty(stories, async ({ model, all }) => {
        await breakEverywhere({ model, past: all.slice(0, -1), now: all.at(-1) ?? [] });
      }),
      { numRuns: 10 },
    );
  }, 60_000);

  it('ends as if nothing had happened when it merges a lead in several parts', async () => {
    const at = (hour: number) => new Date(Date.UTC(2026, 0, 1, hour)).toISOString();
    const many = Array.from({ length: 1_100 }, (_, n): Capture => ({
      identifiers: [userId('u0')],
      activity: activity({ eventId: `m${n}`, occurredAt: at(n % 24) }),
      exactTime: true,
    }));
    const single = (eventId: string, ...identifiers: Capture['identifiers']): Capture => ({
      identifiers,
      activity: activity({ eventId }),
      exactTime: true,
    });
    const model = modelOf({ engagement: [{ id: 'views', when: { eventType: 'page_view' }, points: 0.05 }] });
    const past = [[single('m3', anonymousId('a0'))], many];
    const appends = await breakEverywhere({ model, past, now: [single('e1', userId('u0'), anonymousId('a0'))] });
    expect(appends).toBeGreaterThanOrEqual(5);
  }, 60_000);
});
