import type { EventsOf } from './event.ts';
import { jobEvents } from './job.ts';
import { leadEvents } from './lead-events.ts';
import { projectEvents } from './project.ts';

/** Every kind of fact that Leadfold records, with its current shape. */
export const eventSchemas = { ...projectEvents, ...leadEvents, ...jobEvents } as const;
export type LeadfoldEvent = EventsOf<typeof eventSchemas>;
