import type { Component } from '../api/http/context.ts';
import type { EventStore, StoreState } from '../eventstore/event-store.ts';
import type { Subscription, SubscriptionStatus } from './subscription.ts';
import type { Integrity } from './integrity.ts';
import type { Behind } from './freshness.ts';
import type { RunningProjections } from './projections.ts';
import type { Vault } from '../outside/vault/vault.ts';
import { VaultLocked } from '../outside/vault/vault.ts';
import type { Checkpoints } from '../readmodels/checkpoints.ts';

/** How far behind a subscription may be, in events, while it catches up and still counts as healthy. */
const tolerableLag = 1_000;

type Stores = {
  readonly store: EventStore;
  readonly readModels: Pick<Checkpoints, 'checkpoint'>;
  readonly integrity: Pick<Integrity, 'isDamaged'>;
  readonly vault: Pick<Vault, 'get' | 'check'>;
};

type Running = Stores & {
  readonly projecting: RunningProjections;
  readonly reacting: readonly Subscription[];
  /** How far the projections are that other processes alone run. */
  readonly elsewhere: () => readonly Behind[];
};

/** Hears what is wrong with a component; the answer of health does not tell, as anybody may ask for it. */
type OnError = (component: string, error: string) => void;

/** What anybody may know of a lost tail; the root key is told more. */
const lostTail =
  'The log no longer has facts that this has read. Stop and put back the log that was there, ' +
  'or make all of it again from this one with npm run rebuild -- --all. GET /api/admin/projections says what is missing';

const componentOf = ({ name, state, position }: SubscriptionStatus, head: number | undefined): Component => {
  const lag = head === undefined ? undefined : Math.max(0, head - position);
  const healthy = state === 'live' || state === 'standby' || (state === 'catching-up' && (lag ?? 0) <= tolerableLag);
  return {
    name: `subscription:${name}`,
    healthy,
    state,
    ...(lag !== undefined && { lag }),
    ...(state === 'lost-tail' && { error: lostTail }),
  };
};

const left =
  'No worker has moved it for 10 s while there was something to handle. Look whether a worker runs, and at what it logs';

/** A projection that others run: what is recorded here is safe, so that this process stays ready. */
const elsewhereOf = ({ name, lag, behindFor, left: isLeft }: Behind): Component => ({
  name: `subscription:${name}`,
  healthy: !isLeft,
  state: isLeft ? 'stalled' : lag > 0 ? 'catching-up' : 'live',
  lag,
  behindFor,
  elsewhere: true,
  ...(isLeft && { error: left }),
});

/** What keeps a part from working that answers, and what to do. */
type Trouble = { readonly state: string; readonly error: string };

const appends = 'Nothing can be appended';
const troubles: Readonly<Record<Exclude<StoreState, 'up'>, string>> = {
  'disk-full': `${appends}: the disk is full. Make room; it goes on by itself`,
  'read-only': `${appends}: the file can not be written to. Check its rights and its disk; it goes on by itself`,
  failing: `${appends}: the last append failed, and the next would too. The log says why; it goes on by itself`,
  damaged: 'The file is damaged. Stop, restore it from a backup, and delete the read models',
};

/** How the log is, with where it ends. */
const logOf = async ({ store, integrity }: Stores): Promise<readonly [number, Trouble?]> => {
  // The state says best why the store can't be used.
  const [found, head] = [await store.state(), await store.head()];
  const state = integrity.isDamaged('event-store') ? 'damaged' : found;
  return state === 'up' ? [head] : [head, { state, error: troubles[state] }];
};

const documentsOf = async ({ readModels, integrity }: Stores): Promise<readonly [number, Trouble?]> => {
  // No reader has that name: any answer says that they can be reached.
  const checkpoint = await readModels.checkpoint('health');
  const error = 'The file is damaged. Delete it with its -wal and -shm; it is made again from the log';
  return integrity.isDamaged('read-models') ? [checkpoint, { state: 'damaged', error }] : [checkpoint];
};

/** How the vault is. Which keys its boxes have is looked at until all of them can be opened. */
const lookAtVault = ({ vault }: Stores) => {
  const known = { open: false };
  return async (): Promise<readonly [boolean, Trouble?]> => {
    // No secret has that name: any answer says that it can be reached.
    await vault.get('health');
    if (known.open) return [true];
    try {
      await vault.check();
      known.open = true;
      return [true];
    } catch (error) {
      if (!(error instanceof VaultLocked)) throw error;
      return [true, { state: 'locked', error: error.message }];
    }
  };
};

/** Asks a component how it is; one that does not answer is told apart from the others. */
const asked = async <T>(
  name: string,
  onError: OnError,
  ask: () => Promise<readonly [answer: T, trouble?: Trouble]>,
): Promise<readonly [Component, T | undefined]> => {
  try {
    const [answer, trouble] = await ask();
    if (trouble) onError(name, trouble.error);
    return [{ name, healthy: !trouble, state: 'up', ...trouble }, answer];
  } catch (error) {
    onError(name, error instanceof Error ? error.message : String(error));
    return [{ name, healthy: false, state: 'down' }, undefined];
  }
};

/** Looks at every part of the process: stores, projections and reactors, with state and lag. */
export const looking = (running: Running, onError: OnError) => {
  const { projecting, reacting, elsewhere } = running;
  const vaultOf = lookAtVault(running);
  return async (): Promise<readonly Component[]> => {
    const [[events, head], [documents], [vault], [projections, projected = []]] = await Promise.all([
      asked('event-store', onError, () => logOf(running)),
      asked('read-models', onError, () => documentsOf(running)),
      asked('vault', onError, vaultOf),
      asked('projections', onError, async () => [await projecting.statuses()]),
    ]);
    const statuses = [...projected, ...reacting.map((each) => each.status())];
    for (const { name, error } of statuses) if (error !== undefined) onError(name, error);
    const others = elsewhere().map(elsewhereOf);
    return [events, documents, vault, projections, ...statuses.map((status) => componentOf(status, head)), ...others];
  };
};
