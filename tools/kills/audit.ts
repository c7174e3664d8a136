import type { EventStoreLocation } from '../../src/config/store-location.ts';
import { toldIdOf } from '../../src/domain/deliveries/told.ts';
import type { EventStore, Recorded } from '../../src/eventstore/event-store.ts';
import { openEventReader } from '../../src/eventstore/open.ts';
import { told } from './asked.ts';
import { toldKey } from './receiver.ts';

const typeOf = (fact: Recorded) => Object.entries(told).find(([type]) => type === fact.type)?.[1];

const factsOf = async (store: EventStore): Promise<readonly Recorded[]> => {
  const [stop, head] = [new AbortController(), await store.head()];
  const facts: Recorded[] = [];
  for await (const { events, position } of store.follow(0, stop.signal)) {
    facts.push(...events);
    if (position >= head) stop.abort();
  }
  return facts;
};

/** What a log says was to be told, by `toldKey`, with the position; of each activity how often it is there; and how often each delivery succeeded. */
export const auditOf = async (location: EventStoreLocation, endpoints: readonly string[]) => {
  const store = await openEventReader(location);
  try {
    const due = new Map<string, number>();
    const [recorded, succeeded] = [new Map<string, number>(), new Map<string, number>()];
    const count = (counts: Map<string, number>, of: unknown): void =>
      void counts.set(String(of), (counts.get(String(of)) ?? 0) + 1);
    for (const fact of await factsOf(store)) {
      const type = typeOf(fact);
      if (type) for (const each of endpoints) due.set(toldKey(each, toldIdOf(fact.id, type)), fact.position);
      const data = new Map(Object.entries(fact.data ?? {}));
      if (fact.type === 'ActivityRecorded') count(recorded, data.get('eventId'));
      if (fact.type === 'DeliveryAttempted' && data.get('result') === 'succeeded') count(succeeded, fact.stream);
    }
    return { due, recorded, succeeded };
  } finally {
    await store.close();
  }
};
export type Audit = Awaited<ReturnType<typeof auditOf>>;
