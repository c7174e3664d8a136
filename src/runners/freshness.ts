import type { Logger } from 'pino';
import type { Config } from '../config/config.ts';
import type { EventStore } from '../eventstore/event-store.ts';
import { projections } from '../projections/index.ts';
import type { Checkpoints } from '../readmodels/checkpoints.ts';
import type { Heads } from '../telemetry/lag.ts';
import { rememberHeads } from '../telemetry/lag.ts';
import { poll } from './poll.ts';
import type { RunningProjections } from './projections.ts';

/** How often it is looked at how far the read models are, in ms. */
const lookEvery = 1_000;

/** For how long nobody may move a projection that has something to handle, in seconds. */
const tolerated = 10;

/** How far a projection is. */
type Far = { readonly name: string; readonly position: number };

/** How far a projection is behind the end of the log. `behindFor` is in seconds. */
export type Behind = Far & {
  readonly lag: number;
  /** How long there has been something that it has not handled; 0 when there is nothing. */
  readonly behindFor: number;
  /** Whether nobody has moved it for too long while there was something. */
  readonly left: boolean;
};

export type Freshness = {
  /** What was recorded until then is in every read model; undefined while that is not known. */
  readonly asOf: () => Date | undefined;
  readonly behind: () => readonly Behind[];
  readonly stop: () => Promise<void>;
};

type Dependencies = {
  readonly heads: Heads;
  readonly head: () => Promise<number>;
  /** How far the projections are, whoever runs them. */
  readonly positions: () => Promise<readonly Far[]>;
  readonly clock: () => Date;
  /** Milliseconds, by a clock that never steps back; that of `heads`. */
  readonly time?: () => number;
  /** Is told when nobody moves projections any more that have something to handle, and again when all are moved. */
  readonly onLeft?: (names: readonly string[]) => void;
};

/** Looks again and again how far the read models are behind the end of the log, until stopped. */
export const watchFreshness = (dependencies: Dependencies): Freshness => {
  const { heads, head, positions, clock, time = () => performance.now(), onLeft } = dependencies;
  const moved = new Map<string, { readonly position: number; readonly at: number }>();
  const stopping = new AbortController();
  let end = 0;
  let told = false;

  const of = ([name, { position, at }]: readonly [string, { readonly position: number; readonly at: number }]) => {
    const behindFor = heads.behind(position);
    const untouchedFor = Math.min(behindFor, (time() - at) / 1_000);
    return { name, position, lag: Math.max(0, end - position), behindFor, left: untouchedFor >= tolerated };
  };
  const behind = (): readonly Behind[] => [...moved].map(of);

  const tell = (): void => {
    const names = behind().flatMap(({ name, left }) => (left ? [name] : []));
    if (names.length > 0 === told) return;
    told = names.length > 0;
    onLeft?.(names);
  };

  const look = async (): Promise<void> => {
    // What was recorded by now is at the end that is asked for, or before it.
    const at = time();
    end = await head();
    heads.note(end, at);
    for (const { name, position } of await positions())
      if (moved.get(name)?.position !== position) moved.set(name, { position, at });
    tell();
  };

  // Where a store is away health says so; how far the read models were when it answered last is still true.
  const { ended } = poll(look, { every: lookEvery, signal: stopping.signal, onError: () => undefined });
  return {
    asOf: () => {
      if (moved.size === 0) return undefined;
      const known = heads.nothingAfter(Math.min(...[...moved.values()].map(({ position }) => position)));
      return known === undefined ? undefined : new Date(clock().getTime() - (time() - known));
    },
    behind,
    stop: () => {
      stopping.abort();
      return ended;
    },
  };
};

type Process = {
  readonly role: Config['role'];
  readonly store: Pick<EventStore, 'head'>;
  readonly readModels: Pick<Checkpoints, 'checkpoint'>;
  readonly projecting: Pick<RunningProjections, 'statuses'>;
  readonly clock: () => Date;
  readonly log: Logger;
};

/** How fresh the read models of a process are. One that runs no projections goes by their checkpoints, and logs when nobody moves those. */
export const freshnessOf = ({ role, store, readModels, projecting, clock, log }: Process) => {
  const heads = rememberHeads();
  const head = () => store.head();
  if (role !== 'api') {
    const { asOf, stop } = watchFreshness({ heads, head, positions: projecting.statuses, clock });
    return { heads, asOf, elsewhere: (): readonly Behind[] => [], stop };
  }
  const positions = () =>
    Promise.all(projections.map(async ({ name }) => ({ name, position: await readModels.checkpoint(name) })));
  const onLeft = (names: readonly string[]): void => {
    if (names.length === 0) log.info('workers move all projections again');
    else log.error({ projections: names }, `no worker has moved these projections for ${tolerated} s; does one run?`);
  };
  const { asOf, behind: elsewhere, stop } = watchFreshness({ heads, head, positions, clock, onLeft });
  return { heads, asOf, elsewhere, stop };
};
