/** How the events of the benchmarks are spread: by five types, over so many leads, none of which is special. */
const types = ['page_view', 'signup', 'form_submit', 'demo_request', 'email_open'] as const;

const typeOf = (index: number): string => types[index % types.length] ?? types[0];
const timeOf = (index: number): string => new Date(Date.UTC(2026, 0, 1) + (index % 20_000_000) * 1_000).toISOString();
const propertiesOf = (index: number) => ({
  path: `/pricing/${index % 100}`,
  referrer: 'https://www.example.com/search',
  campaign: 'spring',
});

/** The nth visitor. */
export const visitor = (n: number): string => `visitor-${n}`;

/** The visitor that the nth of events over so many leads is of. Neighbours are of different leads. */
const visitorOf = (index: number, leads: number): string => visitor((index * 7_919) % leads);

/** The nth event of a benchmark, of about 250 bytes as JSON. The service gives it its id. */
export const eventOf = (index: number, leads: number) => ({
  eventType: typeOf(index),
  anonymousId: visitorOf(index, leads),
  timestamp: timeOf(index),
  sessionId: `session-${index % 1_000}`,
  properties: propertiesOf(index),
});

/** The nth event as a Segment client sends it, with an id of its own. */
export const trackOf = (index: number, leads: number) => ({
  type: 'track',
  messageId: `message-${index}`,
  event: typeOf(index),
  anonymousId: visitorOf(index, leads),
  timestamp: timeOf(index),
  context: { library: { name: 'analytics.js', version: '2.0.0' } },
  properties: propertiesOf(index),
});

/** Some events as bodies of requests. */
export const bodiesOf = (count: number, leads: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => JSON.stringify(eventOf(index, leads)));

/** Bodies of requests with `size` events each, from event `first` on. `field` is the name of the list in the body. */
export const batchesOf = (
  make: (index: number) => unknown,
  { count, size, field, first = 0 }: { count: number; size: number; field: string; first?: number },
): readonly string[] =>
  Array.from({ length: count }, (_, batch) => {
    const items = Array.from({ length: size }, (_, index) => make(first + batch * size + index));
    return JSON.stringify({ [field]: items });
  });
