import { v5 } from 'uuid';
import { z } from 'zod';
import type { Aggregate, EventsOf } from '../event.ts';
import { isoTime } from '../lead/activity.ts';

/** Of how many items a receipt says what became of each. */
export const receiptLimits = { results: 100, hashedForMs: 24 * 3_600_000 } as const;

const resultSchema = z.strictObject({
  index: z.number().int().min(0),
  status: z.enum(['queued', 'duplicate', 'rejected']),
  leadId: z.string().optional(),
});
export type ReceiptResult = Readonly<z.infer<typeof resultSchema>>;

/** The facts of a webhook that came, `receipt-<projectId>.<receiptId>`. Nothing of what it said is among them. Shapes are forever. */
export const receiptEvents = {
  ReceiptCompleted: z
    .strictObject({
      receiptId: z.string(),
      sourceId: z.string(),
      at: isoTime,
      status: z.enum(['queued', 'duplicate', 'rejected']),
      counts: z.strictObject({ queued: z.number(), duplicate: z.number(), rejected: z.number() }),
      results: z.array(resultSchema).max(receiptLimits.results),
    })
    .describe(
      'All that a webhook said was recorded or refused. It is written last: until then the webhook may come again.',
    ),
} as const;
export type ReceiptEvent = EventsOf<typeof receiptEvents>;
export type Receipt = Extract<ReceiptEvent, { type: 'ReceiptCompleted' }>['data'];

/** What became of a webhook when it came last; nothing while it is not complete. */
export type ReceiptState = { readonly last: Receipt | undefined };

export const receipt: Aggregate<ReceiptState, ReceiptEvent> = {
  name: 'receipt',
  initial: { last: undefined },
  evolve: (state, event) => (event.type === 'ReceiptCompleted' ? { last: event.data } : state),
  measure: ({ last }) => 800 + (last?.results.length ?? 0) * 150,
};

/** The namespace of receipt ids. It is part of stream names, so it can never change. */
const receiptNamespace = '7d2f8c54-9f0a-5e3b-b7a6-2c1d4e5f6a70';

/**
 * How a webhook is known when it comes again: by what its sender calls it, else by the SHA-256 of its body, in hex. Its id does not
 * tell either.
 */
export type WebhookName = { readonly id: string } | { readonly hash: string };

export const receiptIdOf = (sourceId: string, name: WebhookName): string =>
  v5(JSON.stringify('id' in name ? [sourceId, 'id', name.id] : [sourceId, 'hash', name.hash]), receiptNamespace);

/** What became of a webhook that has been dealt with: one that is known by its body alone is another one after a day. */
export const doneBefore = ({ last }: ReceiptState, name: WebhookName, now: Date): Receipt | undefined => {
  if (!last || 'id' in name) return last;
  return now.getTime() - Date.parse(last.at) < receiptLimits.hashedForMs ? last : undefined;
};
