/** How the events of the benchmarks are spread: by five types, over so many leads, none of which is special. */
const types = ['page_view', 'signup', 'form_submit', 'demo_request', 'email_open'] as const;

/** The nth event of a benchmark, of about 250 bytes as JSON. The service gives it its id. */
export const eventOf = (index: number, leads: number) => ({
  eventType: types[index % types.length] ?? types[0],
  anonymousId: `visitor-${(index * 7_919) % leads}`,
  occurredAt: new Date(Date.UTC(2026, 0, 1) + index * 1_000).toISOString(),
  sessionId: `session-${index % 1_000}`,
  properties: { path: `/pricing/${index % 100}`, referrer: 'https://www.example.com/search', campaign: 'spring' },
});

/** Some events as bodies of requests. */
export const bodiesOf = (count: number, leads: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => JSON.stringify(eventOf(index, leads)));
