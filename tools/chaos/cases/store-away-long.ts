import { setTimeout as sleep } from 'node:timers/promises';
import type { Case } from '../case.ts';
import { must } from '../case.ts';
import { mustBeWhole } from '../checks.ts';
import type { Line, Member } from '../fleet.ts';
import { openFleet, until } from '../fleet.ts';
import type { Ledger } from '../ledger.ts';
import { openLedger } from '../ledger.ts';
import type { Project } from '../project.ts';
import { activity, clients } from '../traffic.ts';

/** What is promised, in ms, and how much more a machine may take that is busy with all of it: readers have work to do when they are back. */
const promised = { refused: 2_000, live: 3_000, recordedOverNew: 6_000, liveOverNew: 8_000 };
const noise = { refused: 1_500, live: 5_000 };
/** A client looks so often, in ms, whether it is time to send. */
const step = 250;

/** An answer to a request that recorded an activity, with when it came and what it took, in ms. */
type Answered = { readonly status: number; readonly at: number; readonly took: number };

/**
 * Records activities from two clients until it is ended, each every `pause` ms: so few that what waits for the readers does not hold
 * them up, however long that is.
 */
const openSending = (project: Project, ledger: Ledger, pause: number) => {
  const state = { n: 0, pause: step, ended: false };
  const answers: Answered[] = [];
  const running = clients(2, async () => {
    while (!state.ended) {
      const event = activity(state.n++, 40);
      const begun = performance.now();
      const send = async (): Promise<void> => {
        const { status } = await project.request('/api/events/ingest', { body: event });
        answers.push({ status, at: performance.now(), took: performance.now() - begun });
        must(status === 202, `Answered ${status}`);
      };
      await ledger.through([event], send).catch((error: unknown) => void error);
      for (let slept = 0; slept < state.pause && !state.ended; slept += step) await sleep(step);
    }
  });
  return {
    answers: (): readonly Answered[] => answers,
    seldom: (): void => void (state.pause = pause),
    often: (): void => void (state.pause = step),
    end: async (): Promise<void> => {
      state.ended = true;
      await running;
    },
  };
};
type Sending = ReturnType<typeof openSending>;

/** How long it took from a time on until something was recorded. */
const recordedSince = async (sending: Sending, from: number): Promise<number> => {
  const found = (): Answered | undefined =>
    sending.answers().find(({ status, at, took }) => status === 202 && at - took >= from);
  await until('something is recorded again', async () => found() !== undefined);
  return (found()?.at ?? from) - from;
};

const longest = (answers: readonly Answered[], status: number): number =>
  Math.max(0, ...answers.filter((answer) => answer.status === status).map(({ took }) => took));

const saying = (lines: readonly Line[], what: RegExp): number => lines.filter(({ msg }) => what.test(msg)).length;

/** The lines of an outage of so many ms of a store: one when it began, one a minute, and one when it ended. */
const mustBeTold = (lines: readonly Line[], store: string, lasted: number): void => {
  const told = ['can not be used; looking', 'still can not be used', 'can be used again'].map((what) =>
    saying(lines, new RegExp(`^the ${store} ${what}`)),
  );
  const minutes = Math.floor(lasted / 60_000);
  must(
    told[0] === 1 && told[2] === 1 && Math.abs((told[1] ?? 0) - minutes) <= 1,
    `Of the outage of the ${store} told ${told.join(', ')} lines of its begin, its minutes and its end: ${JSON.stringify(lines).slice(0, 800)}`,
  );
};

type Scene = { readonly member: Member; readonly sending: Sending; readonly isLive: () => Promise<boolean> };

/** One store is away for so many ms. Says in how many ms all readers are live after its return. */
const outage = async (
  { member, sending, isLive }: Scene,
  store: 'event store' | 'read models',
  {
    lasts,
    proxy,
  }: { readonly lasts: number; readonly proxy: Pick<Awaited<ReturnType<typeof openFleet>>['events'], 'away' | 'back'> },
): Promise<number> => {
  const [before, answered] = [member.warnings().length, sending.answers().length];
  await proxy.away();
  await sleep(lasts);
  must(!(await member.isWell()), `It says that it is well while the ${store} is away`);
  await proxy.back();
  const live = await until('all readers are live', isLive);
  must(live <= promised.live + noise.live, `Readers are live ${live.toFixed(0)} ms after the ${store} is there again`);
  const answers = sending.answers().slice(answered);
  const refused = longest(answers, 503);
  must(refused <= promised.refused + noise.refused, `A request was refused after ${refused.toFixed(0)} ms`);
  const wrong = answers.find(({ status }) => status !== 202 && (status !== 503 || store === 'read models'));
  must(wrong === undefined, `While the ${store} was away a request was answered ${wrong?.status}`);
  const lines = (): readonly Line[] => member.warnings().slice(before);
  await until('it is told that it is over', async () => saying(lines(), /can be used again/) > 0);
  mustBeTold(lines(), store, lasts);
  return live;
};

/** The connections die without a word, and new ones work. */
const deadConnections = async ({ sending, isLive }: Scene, swallow: () => void): Promise<readonly [number, number]> => {
  const [begun, answered] = [performance.now(), sending.answers().length];
  swallow();
  const recorded = await recordedSince(sending, begun);
  // Until a call was given up nobody can know of it.
  await sleep(promised.refused);
  await until('all readers are live', isLive);
  const live = performance.now() - begun;
  must(recorded <= promised.recordedOverNew + noise.refused, `Recorded again after ${recorded.toFixed(0)} ms`);
  must(live <= promised.liveOverNew + noise.live, `Readers are live after ${live.toFixed(0)} ms`);
  const refused = longest(sending.answers().slice(answered), 503);
  must(refused <= promised.refused + noise.refused, `A request was refused after ${refused.toFixed(0)} ms`);
  return [recorded, live];
};

/** Each store is away for long, and then connections die without a word. */
export const storeAwayLong: Case = {
  name: 'store-away-long',
  about:
    'EventStoreDB away for two minutes, then MongoDB, then connections that nobody answers any more; two clients send',
  criterion: `requests are refused within ${promised.refused / 1_000} s, readers are live within ${promised.live / 1_000} s of the store's return, an outage is told of when it begins, once a minute and when it ends, and nothing is lost`,
  run: async (ground) => {
    const fleet = await openFleet(ground);
    const member = await fleet.start('all');
    const project = await member.project();
    const ledger = openLedger();
    const sending = openSending(project, ledger, ground.many(5_000));
    ground.after(sending.end);
    await until('something is recorded', async () => ledger.acknowledged.size > 5);
    await until('all readers are live', member.isWell);

    const readers = await member.running();
    const isLive = async (): Promise<boolean> => (await member.isWell()) && (await member.running()) === readers;
    const scene = { member, sending, isLive };
    const lasts = ground.many(130) * 1_000;
    sending.seldom();
    const events = await outage(scene, 'event store', { lasts, proxy: fleet.events });
    const documents = await outage(scene, 'read models', { lasts, proxy: fleet.documents });
    sending.often();
    const [recorded, live] = await deadConnections(scene, fleet.events.swallow);
    await sending.end();
    const told = member.warnings().length;
    must(told <= 20, `${told} warnings: ${JSON.stringify(member.warnings()).slice(0, 800)}`);
    await mustBeWhole(member, project, ledger);
    return {
      recovery: Math.max(events, documents),
      found: `live after ${events.toFixed(0)} and ${documents.toFixed(0)} ms; over dead connections recorded after ${recorded.toFixed(0)} ms, live after ${live.toFixed(0)} ms; ${told} warnings; ${ledger.acknowledged.size} acknowledged`,
    };
  },
};
