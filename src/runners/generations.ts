import type { Place } from '../eventstore/event-store.ts';
import type { Beat } from './beat.ts';
import { checkpointReached, leased } from './leased.ts';
import type { Subscription, SubscriptionStatus } from './subscription.ts';
import { subscribe } from './subscription.ts';
import { begin, generationName, madeBy, serve as serveGeneration, servingOf } from '../readmodels/generations.ts';
import type { AnyProjection } from '../projections/projection.ts';
import { forgetAtHand } from '../projections/repair.ts';
import type { Checkpoints } from '../readmodels/checkpoints.ts';
import type { Registers } from '../readmodels/registers.ts';
import type { Dependencies } from './projections.ts';

/** How long building is watched before it is told how far it is, in ms. */
const watched = 1_000;

/** How long the new generation may take to come to where the serving one stopped, in ms. */
const patience = 10_000;

type Running = { readonly generation: number; readonly subscription: Subscription };

/** How far a generation is that is being built; `live` when it has everything, indexes too. */
export type Built = { readonly position: number; readonly live: boolean };

/** A projection at work: the generation that serves, and perhaps one that is built beside it. */
export type Generations = {
  readonly status: () => SubscriptionStatus;
  readonly reached: (position: number, signal?: AbortSignal) => Promise<void>;
  /** Builds a generation from where it is, or goes on building it. */
  readonly build: (generation: number) => Promise<Built>;
  /** Lets a generation that was built answer from now on. Safe to repeat. */
  readonly serve: (generation: number) => Promise<void>;
  /**
   * Ends the building of a generation, and drops all up to it but the one that serves. That may take a second for each
   * million documents, which is why it is done where the projection runs.
   */
  readonly finish: (generation: number) => Promise<void>;
  /** Goes over to the generation that serves by now, if another process changed that. */
  readonly follow: () => Promise<void>;
  readonly stop: () => Promise<void>;
};

/** Starts a projection at the generation that serves. */
export const runGenerations = async (
  projection: AnyProjection,
  dependencies: Dependencies & { readonly beat?: Beat },
): Promise<Generations> => {
  const { store, readModels, now, beat, lease, recoveries, onLostTail, observe = (_, each) => each } = dependencies;
  const { name, filter } = projection;

  /** Throws a generation away while it serves, so that it begins again at the log's beginning. */
  const discard = async (own: AnyProjection): Promise<boolean> => {
    await readModels.drop(own.name);
    await readModels.prepare([own], { bare: true });
    await forgetAtHand(readModels);
    await madeBy(readModels, own.name, projection.version);
    return true;
  };

  /** Starts a generation, which other processes may offer to run too if it serves. */
  const start = async (generation: number, alone: boolean): Promise<Running> => {
    const own = projection.named(generationName(name, generation));
    await readModels.prepare([own], { bare: true });
    // Documents that can't be read are told at the start, and not by projections that stall.
    await readModels.get('', own, '');
    if ((await readModels.checkpoint(own.name)) === 0) await madeBy(readModels, own.name, projection.version);
    // Another process that waits for a projection looks at its checkpoint, so where there are others it is always saved.
    const pass = lease
      ? {}
      : { pass: (position: number, fact?: Place) => readModels.saveCheckpoint(own.name, position, fact) };
    // Once in a process: it is asked again by each that takes the lease anew, as after an outage.
    let indexed = false;
    const index = async (): Promise<void> => {
      if (!indexed) await readModels.prepare([own]);
      indexed = true;
    };
    const subscription = () =>
      subscribe({
        name,
        store,
        filter,
        now,
        ...(projection.derive && { derive: projection.derive(store, readModels) }),
        ...(beat && { beat }),
        ...(recoveries && { recoveries }),
        load: () => readModels.standing(own.name),
        handle: observe(name, own.project(readModels)),
        caughtUp: index,
        ...pass,
        onLostTail: (error) => onLostTail?.(own.name, error),
        ...(projection.renews && {
          beginAgain: () => {
            indexed = false;
            return discard(own);
          },
        }),
      });
    const shared = lease && !alone;
    return {
      generation,
      subscription: shared
        ? leased({ ...lease, ...(recoveries && { recoveries }) }, { name, checkpoint: own.name }, subscription)
        : subscription(),
    };
  };

  let current = await start(await servingOf(readModels, name), false);
  let [building, changing]: [Running | undefined, Promise<void> | undefined] = [undefined, undefined];

  const built = async (generation: number): Promise<Running> => {
    if (building?.generation === generation) return building;
    await building?.subscription.stop();
    await begin(readModels, name, generation);
    building = await start(generation, true);
    return building;
  };

  /** Where files serve one process the new generation takes over at the place where the old one stopped: nobody reads less than before. */
  const handOver = async (generation: number): Promise<void> => {
    const next = await built(generation);
    const before = current;
    await before.subscription.stop();
    try {
      const { state, position } = before.subscription.status();
      // What has lost its tail serves what the log does not have: the new one is to have all that there is.
      const wanted = state === 'lost-tail' ? await store.head() : position;
      await next.subscription.reached(wanted, AbortSignal.timeout(patience));
      await serveGeneration(readModels, name, generation);
      [current, building] = [next, undefined];
    } catch (error) {
      current = await start(before.generation, false);
      throw error;
    }
  };

  /** Among many processes others go over to it when they see it, and meanwhile the one that built it keeps it up. */
  const announce = async (generation: number): Promise<void> => {
    const next = await built(generation);
    // One that has lost its tail may be beyond the log's end, where nobody comes to.
    const position = Math.min(
      await readModels.checkpoint(generationName(name, current.generation)),
      await store.head(),
    );
    await next.subscription.reached(position, AbortSignal.timeout(patience));
    await serveGeneration(readModels, name, generation);
  };

  const change = async (run: () => Promise<void>): Promise<void> => {
    while (changing) await changing.catch(() => undefined);
    changing = run().finally(() => (changing = undefined));
    await changing;
  };

  const follow = async (): Promise<void> => {
    const generation = await servingOf(readModels, name);
    if (generation === current.generation) return;
    const before = current;
    current = await start(generation, false);
    await before.subscription.stop();
  };

  const reached = async (position: number, signal?: AbortSignal): Promise<void> => {
    await changing?.catch(() => undefined);
    const at = current;
    try {
      await at.subscription.reached(position, signal);
    } catch (error) {
      // The subscription was stopped because another generation serves now.
      if (!changing && at === current) throw error;
      await reached(position, signal);
    }
  };

  const stopBoth = async (): Promise<void> => {
    await Promise.all([current.subscription.stop(), building?.subscription.stop()]);
  };

  return {
    status: () => current.subscription.status(),
    reached,
    build: async (generation) => {
      if (generation <= current.generation) return { position: current.subscription.status().position, live: true };
      const { subscription } = await built(generation);
      const head = await store.head();
      await subscription.reached(head, AbortSignal.timeout(watched)).catch(() => undefined);
      const { position, state } = subscription.status();
      return { position, live: state === 'live' };
    },
    serve: (generation) =>
      change(async () => {
        if (generation <= current.generation) return;
        await (lease ? announce(generation) : handOver(generation));
        if (lease) await follow();
      }),
    finish: async (generation) => {
      if (building?.generation === generation) {
        const ended = building;
        building = undefined;
        await ended.subscription.stop();
      }
      const serving = await servingOf(readModels, name);
      for (let old = 0; old <= generation; old++) if (old !== serving) await readModels.drop(generationName(name, old));
    },
    follow: () => change(follow),
    stop: async () => {
      await stopBoth();
      // A change that was cut off starts the old generation again.
      await changing?.catch(() => undefined);
      await stopBoth();
    },
  };
};

/** Waits until the generation of a projection that serves is at a position, whoever runs it. */
export const servingReached = async (
  { readModels }: { readonly readModels: Pick<Checkpoints, 'checkpoint'> & Registers },
  name: string,
  position: number,
  signal: AbortSignal,
): Promise<void> =>
  checkpointReached(readModels, generationName(name, await servingOf(readModels, name)), position, signal);
