import { z } from 'zod';
import { segmentCalls } from './segment.ts';
import { leadLimits } from '../../domain/lead/lead-limits.ts';
import { batchAnswerSchema } from './answer.ts';

/** What the documentation says of all ways in. */
export const ofKeyedRequests =
  'An `Idempotency-Key` that came with other identifiers before, item by item, refuses the request as a whole: 422 `idempotency-key-reused`.';

const anyObject = z.record(z.string(), z.unknown());
const time = z
  .union([z.string(), z.int()])
  .describe(
    'ISO 8601 (UTC without an offset) or milliseconds since 1970; not over 24 hours in the future; now when left out',
  );
const identifier = z.string().max(256);

/** An activity as our own format writes it. For the documentation: `fromNative` is what checks it. */
export const nativeSchema = z
  .object({
    eventType: z.string().min(1).max(128).optional().describe('What happened; `event` says the same'),
    event: z.string().min(1).max(128).optional(),
    userId: identifier.optional().describe('At least one of userId, email and anonymousId is needed'),
    email: identifier.optional(),
    anonymousId: identifier.optional(),
    eventId: z.string().min(1).max(256).optional().describe('The same id again, of the same person, is a duplicate'),
    timestamp: time.optional(),
    sessionId: z.string().min(1).max(256).optional(),
    properties: anyObject
      .optional()
      .describe('At most 32 KiB as JSON, 10 levels deep, and 2,000 values together with the traits'),
    traits: anyObject
      .optional()
      .describe(
        `What is now known of the person; \`email\` identifies too. At most ${leadLimits.traits}, and 32 KiB as JSON, with names of ${leadLimits.traitName} characters`,
      ),
  })
  .describe('Fields that are not listed are left out, with a warning that names the nearest one');

export const nativeBatchSchema = z.object({ events: z.array(nativeSchema).max(5_000) });

export const cloudEventSchema = z
  .object({
    specversion: z.literal('1.0'),
    id: z.string().min(1),
    source: z
      .string()
      .min(1)
      .describe(
        'With the id the eventId, `<source>#<id>`; where that is longer than 256 characters its SHA-256 in hex, where the id has a `#` that of both as a JSON list',
      ),
    type: z.string().min(1).max(128).describe('The eventType'),
    time: z.string().optional(),
    datacontenttype: z.string().optional(),
    userid: identifier.optional(),
    email: identifier.optional(),
    anonymousid: identifier.optional(),
    sessionid: z.string().optional(),
    traceparent: z.string().optional(),
    data: anyObject.optional().describe('userId, email, anonymousId, sessionId and traits, and the properties'),
  })
  .describe('CloudEvents 1.0; `subject` and `dataschema` are not kept');

const call = {
  messageId: z.string().optional().describe('The eventId'),
  userId: z.union([z.string(), z.number()]).optional(),
  anonymousId: z.union([z.string(), z.number()]).optional(),
  previousId: z.union([z.string(), z.number()]).optional(),
  groupId: z.union([z.string(), z.number()]).optional(),
  event: z.string().optional(),
  name: z.string().optional(),
  category: z.string().optional(),
  properties: anyObject.optional(),
  traits: anyObject.optional(),
  timestamp: time.optional(),
  originalTimestamp: time.optional(),
};
const envelope = {
  context: anyObject
    .optional()
    .describe(
      'Of it campaign, page, locale, timezone, library, ip and userAgent are kept with the activity, 8 KiB as JSON; what does not fit is left out',
    ),
  integrations: anyObject.optional(),
  sentAt: time.optional(),
  writeKey: z.string().optional(),
};

export const segmentCallSchema = z.object({ ...call, ...envelope });
export const segmentBatchSchema = z.object({
  batch: z.array(segmentCallSchema.extend({ type: z.enum(segmentCalls) })).max(5_000),
  ...envelope,
});

export const segmentAnswerSchema = z.object({
  success: z.literal(true),
  ignored: z.int(),
  ...batchAnswerSchema.shape,
});

/** What Segment's browser client asks for before it sends anything. */
export const settingsSchema = z.object({
  integrations: z.object({ 'Segment.io': anyObject }),
  plan: anyObject,
  analyticsNextEnabled: z.literal(true),
  remotePlugins: z.array(z.never()),
  metrics: z.object({ sampleRate: z.literal(0) }),
});
