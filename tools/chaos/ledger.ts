import type { Sent } from './project.ts';

/** What the senders know: all that they sent, and what was acknowledged of it. */
export type Ledger = {
  readonly sent: ReadonlyMap<string, Sent>;
  readonly acknowledged: ReadonlySet<string>;
  /** Hands activities to a sender, and notes that they were acknowledged when it resolves. */
  readonly through: (events: readonly Sent[], send: (events: readonly Sent[]) => Promise<unknown>) => Promise<void>;
};

export const openLedger = (): Ledger => {
  const sent = new Map<string, Sent>();
  const acknowledged = new Set<string>();
  return {
    sent,
    acknowledged,
    through: async (events, send) => {
      for (const event of events) sent.set(event.eventId, event);
      await send(events);
      for (const { eventId } of events) acknowledged.add(eventId);
    },
  };
};
