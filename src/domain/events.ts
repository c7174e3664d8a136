import type { EventsOf } from './event.ts';
import { deliveryEvents } from './deliveries/delivery.ts';
import { endpointEvents } from './deliveries/endpoints.ts';
import { jobEvents } from './jobs/job.ts';
import { keyedRequestEvents } from './lead/keyed-request.ts';
import { leadEvents } from './lead/lead-events.ts';
import { deadLetterEvents } from './jobs/dead-letter.ts';
import { poolEvents } from './routing/pool.ts';
import { addressEvents } from './people/address-events.ts';
import { personEvents } from './people/person.ts';
import { sessionEvents } from './people/session.ts';
import { projectEvents } from './projects/project.ts';
import { rosterEvents } from './routing/roster-events.ts';
import { receiptEvents } from './sources/receipt.ts';
import { rejectEvents } from './sources/reject.ts';
import { sourceEvents } from './sources/sources.ts';
import { workItemEvents } from './work/work-item.ts';

/** Every kind of fact that Leadfold records, with its current shape. */
export const eventSchemas = {
  ...projectEvents,
  ...leadEvents,
  ...jobEvents,
  ...deadLetterEvents,
  ...rosterEvents,
  ...poolEvents,
  ...workItemEvents,
  ...keyedRequestEvents,
  ...sourceEvents,
  ...receiptEvents,
  ...endpointEvents,
  ...deliveryEvents,
  ...rejectEvents,
  ...personEvents,
  ...addressEvents,
  ...sessionEvents,
} as const;
export type LeadfoldEvent = EventsOf<typeof eventSchemas>;

type Upcast = (data: unknown) => unknown;

/** How older shapes of an event become the next newer one, oldest first; the current version is one more than there are. */
const upcasts: ReadonlyMap<string, readonly Upcast[]> = new Map();

/** The shape of every kind of fact: what to check when it is recorded, and how to read what was recorded long ago. */
export const eventShapes = Object.fromEntries(
  Object.entries(eventSchemas).map(([type, schema]) => [type, { schema, upcasts: upcasts.get(type) ?? [] }]),
);
