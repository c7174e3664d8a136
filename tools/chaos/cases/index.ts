import type { Case } from '../case.ts';
import { clockJumps } from './clock-jumps.ts';
import { deadWorker } from './dead-worker.ts';
import { diskFull } from './disk-full.ts';
import { duplicateStorm } from './duplicate-storm.ts';
import { greedyClient } from './greedy-client.ts';
import { killInIngest } from './kill-in-ingest.ts';
import { killInMerge } from './kill-in-merge.ts';
import { killInProjection } from './kill-in-projection.ts';
import { killInRebuild } from './kill-in-rebuild.ts';
import { malformedRequests } from './malformed.ts';
import { mergeUnderLoad } from './merge-under-load.ts';
import { outOfOrder } from './out-of-order.ts';
import { readModelsDeleted } from './read-models-deleted.ts';
import { slowClients } from './slow-clients.ts';
import { storeAwayLong } from './store-away-long.ts';
import { workerKilled } from './worker-killed.ts';

/** Every kind of trouble, in the order in which they are tried. */
export const cases: readonly Case[] = [
  ...[duplicateStorm, outOfOrder, deadWorker, mergeUnderLoad],
  ...[killInIngest, killInMerge, killInProjection, killInRebuild],
  ...[readModelsDeleted, diskFull, clockJumps, malformedRequests, slowClients, greedyClient],
  ...[storeAwayLong, workerKilled],
];
