import type { Collection as DriverCollection, Db } from 'mongodb';
import type { Place } from '../../eventstore/event-store.ts';
import type { Reading } from './documents.ts';
import { DUPLICATE_KEY, unless } from './errors.ts';
import type { Standing } from '../checkpoints.ts';
import { standingOf } from '../checkpoints.ts';
import type { Held } from '../leases.ts';

type Checkpoint = { readonly _id: string; readonly position: number; readonly fact?: Place };
type LeaseDocument = Held & { readonly _id: string };

const checkpointsOf = (db: Db): DriverCollection<Checkpoint> => db.collection<Checkpoint>('checkpoints');
const leasesOf = (db: Db): DriverCollection<LeaseDocument> => db.collection<LeaseDocument>('leases');

/** Moves a checkpoint forward, with the fact that it stands on; it never goes back. */
export const moveCheckpoint = async (db: Db, name: string, position: number, fact?: Place): Promise<void> => {
  const checkpoints = checkpointsOf(db);
  if (fact === undefined)
    return void (await checkpoints.updateOne({ _id: name }, { $max: { position } }, { upsert: true }));
  const [behind, moved] = [{ _id: name, position: { $lt: position } }, { $set: { position, fact } }];
  // The name is taken when the checkpoint is as far, or when another writer made it in between; the second try tells which.
  const taken = await unless(DUPLICATE_KEY, true, async () => {
    await checkpoints.updateOne(behind, moved, { upsert: true });
    return false;
  });
  if (taken) await checkpoints.updateOne(behind, moved);
};

/** A checkpoint with the fact that it stands on. */
export const standing = async ({ db, deadline }: Reading, name: string): Promise<Standing> => {
  const found = await checkpointsOf(db).findOne({ _id: name }, deadline);
  return standingOf(found?.position ?? 0, found?.fact);
};

/** How far a checkpoint is; 0 before it moved. */
export const checkpointOf = async ({ db, deadline }: Reading, name: string): Promise<number> =>
  (await checkpointsOf(db).findOne({ _id: name }, deadline))?.position ?? 0;

/** Removes a checkpoint. */
export const dropCheckpoint = async (db: Db, name: string): Promise<void> => {
  await checkpointsOf(db).deleteOne({ _id: name });
};

/** Who has a lease, if somebody has. */
export const leaseOf = async ({ db, deadline }: Reading, name: string): Promise<Held | undefined> => {
  const found = await leasesOf(db).findOne({ _id: name }, deadline);
  return found ? { holder: found.holder, until: found.until } : undefined;
};

/** Takes or renews a lease, in one update, so that of two that ask one has it. Times are in ms. Tells whether the holder has it. */
export const takeLease = (
  db: Db,
  name: string,
  holder: string,
  { now, until }: { readonly now: number; readonly until: number },
): Promise<boolean> =>
  // Somebody else's lease doesn't meet the filter, and a second one of the same name can't be inserted.
  unless(DUPLICATE_KEY, false, async () => {
    const free = { _id: name, $or: [{ holder }, { until: { $lte: now } }] };
    const update = { $set: { holder, until } };
    const { matchedCount, upsertedCount } = await leasesOf(db).updateOne(free, update, { upsert: true });
    return matchedCount + upsertedCount > 0;
  });

/** Gives a lease back, if the holder has it. */
export const releaseLease = async (db: Db, name: string, holder: string): Promise<void> => {
  await leasesOf(db).deleteOne({ _id: name, holder });
};
