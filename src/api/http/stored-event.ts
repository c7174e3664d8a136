import { z } from 'zod';
import type { Recorded } from '../../eventstore/event-store.ts';

/** A fact as it was recorded. */
export const storedEvent = z.object({
  id: z.string(),
  type: z.string(),
  data: z.unknown(),
  stream: z.string(),
  revision: z.int(),
  position: z.int(),
  recordedAt: z.string(),
  metadata: z.object({
    commandId: z.string(),
    correlationId: z.string(),
    causationId: z.string(),
    actor: z.string().optional(),
    traceparent: z.string().optional(),
    version: z.int().optional(),
  }),
});

export const shownFact = (fact: Recorded): z.infer<typeof storedEvent> => ({
  ...fact,
  recordedAt: fact.recordedAt.toISOString(),
});
