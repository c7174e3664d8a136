/** What a visitor does in twenty events, in this order, over and over; each visitor begins at another of them. */
const types = [
  ...['page_view', 'page_view', 'email_open', 'page_view', 'form_submit', 'page_view', 'page_view', 'email_open'],
  ...['page_view', 'signup', 'page_view', 'page_view', 'email_open', 'page_view', 'demo_request', 'page_view'],
  ...['page_view', 'email_open', 'page_view', 'form_submit'],
] as const;

const timeOf = (index: number): string => new Date(Date.UTC(2026, 0, 1) + (index % 20_000_000) * 1_000).toISOString();
const propertiesOf = (index: number) => ({
  path: `/pricing/${index % 100}`,
  referrer: 'https://www.example.com/search',
  campaign: 'spring',
});

/** The nth visitor. */
export const visitor = (n: number): string => `visitor-${n}`;

/** The place of the nth event among so many leads that are visited at a time. Neighbours are of different leads. */
const placeOf = (index: number, leads: number): number => (index * 7_919) % leads;

const typeOf = (index: number, leads: number): string =>
  types[(placeOf(index, leads) + Math.floor(index / leads)) % types.length] ?? types[0];

/** Who does the nth thing: when so many visitors have done all they do, as many others come. */
const visitorOf = (index: number, leads: number): string =>
  visitor(placeOf(index, leads) + leads * Math.floor(index / (leads * types.length)));

/** The nth event of a benchmark, of about 250 bytes as JSON. The service gives it its id. */
export const eventOf = (index: number, leads: number) => ({
  eventType: typeOf(index, leads),
  anonymousId: visitorOf(index, leads),
  timestamp: timeOf(index),
  sessionId: `session-${index % 1_000}`,
  properties: propertiesOf(index),
});

/** The nth event as a Segment client sends it, with an id of its own. */
export const trackOf = (index: number, leads: number) => ({
  type: 'track',
  messageId: `message-${index}`,
  event: typeOf(index, leads),
  anonymousId: visitorOf(index, leads),
  timestamp: timeOf(index),
  context: { library: { name: 'analytics.js', version: '2.0.0' } },
  properties: propertiesOf(index),
});

/** Some events as bodies of requests, from event `first` on. */
export const bodiesOf = (count: number, leads: number, first = 0): readonly string[] =>
  Array.from({ length: count }, (_, index) => JSON.stringify(eventOf(first + index, leads)));

/** Bodies of requests with `size` events each, from event `first` on. `field` is the name of the list in the body. */
export const batchesOf = (
  make: (index: number) => unknown,
  { count, size, field, first = 0 }: { count: number; size: number; field: string; first?: number },
): readonly string[] =>
  Array.from({ length: count }, (_, batch) => {
    const items = Array.from({ length: size }, (_, index) => make(first + batch * size + index));
    return JSON.stringify({ [field]: items });
  });
