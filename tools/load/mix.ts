/** The types of the activities of a load, with their points in the default scoring model; one is known to no rule. */
const points = {
  page_view: 5,
  email_open: 10,
  form_submit: 20,
  webinar_attendance: 25,
  download: 15,
  signup: 30,
  article_read: 0,
} as const satisfies Readonly<Record<string, number>>;

const types = Object.keys(points) as readonly (keyof typeof points)[];

/** How many leads a load of so many events is of: ten events each. */
export const leadsOf = (events: number): number => Math.ceil(events / 10);

/** The nth event. Neighbours are of different leads. */
export const eventAt = (n: number, leads: number) => ({
  eventId: `load-${n}`,
  eventType: types[(n + Math.floor(n / leads)) % types.length] ?? 'article_read',
  anonymousId: `visitor-${n % leads}`,
  timestamp: new Date(Date.UTC(2026, 0, 1) + n * 1_000).toISOString(),
  properties: { path: `/pricing/${n % 100}`, referrer: 'https://www.example.com/search', campaign: 'spring' },
});

/** What the events of one lead must come to. */
export type Expected = { readonly score: number; readonly events: ReadonlyMap<string, number> };

/** What each lead must be when all events are recorded, by its `anonymousId`: its events with their points, and their sum. */
export const expectedOf = (events: number): ReadonlyMap<string, Expected> => {
  const leads = leadsOf(events);
  const byLead = new Map<string, Map<string, number>>();
  for (let n = 0; n < events; n++) {
    const { anonymousId, eventId, eventType } = eventAt(n, leads);
    byLead.set(anonymousId, (byLead.get(anonymousId) ?? new Map<string, number>()).set(eventId, points[eventType]));
  }
  const summed = [...byLead].map(([lead, each]): [string, Expected] => {
    const sum = [...each.values()].reduce((total, one) => total + one, 0);
    return [lead, { score: sum, events: each }];
  });
  return new Map(summed);
};

/** The bodies of the requests that bring all events, so many in each. One alone is sent as such. */
export const requestsOf = (
  events: number,
  batch: number,
): readonly { readonly path: string; readonly body: string }[] => {
  const leads = leadsOf(events);
  return Array.from({ length: Math.ceil(events / batch) }, (_, index) => {
    const size = Math.min(batch, events - index * batch);
    const items = Array.from({ length: size }, (_, nth) => eventAt(index * batch + nth, leads));
    if (batch === 1) return { path: '/api/events/ingest', body: JSON.stringify(items[0]) };
    return { path: '/api/events/batch', body: JSON.stringify({ events: items }) };
  });
};
