import { z } from 'zod';

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
