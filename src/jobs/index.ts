import { projections } from '../projections/index.ts';
import type { Builders } from '../runners/projections.ts';
import type { EventStore } from '../eventstore/event-store.ts';
import { rebuildProject } from './rebuild-project.ts';
import { rebuildProjection } from './rebuild-projection.ts';
import { rescore } from './rescore.ts';
import { routeQualified } from './route-qualified.ts';
import { replayDeliveries } from './replay-deliveries.ts';
import type { Replay } from './replay-rejects.ts';
import { replayRejects } from './replay-rejects.ts';
import type { JobHandler } from './job-handler.ts';

/** What does each kind of job, each once. */
export const jobHandlers = (
  builders: Builders,
  store: Pick<EventStore, 'follow' | 'read'>,
  replay: Replay,
): readonly JobHandler[] => [
  rescore,
  routeQualified,
  rebuildProject(store),
  rebuildProjection(
    builders,
    projections.map(({ name }) => name),
  ),
  replayRejects(replay),
  replayDeliveries(store),
];
