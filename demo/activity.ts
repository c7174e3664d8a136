/** The identifiers that come with an activity. */
export type Who = { readonly userId?: string; readonly email?: string; readonly anonymousId?: string };

export type Details = Readonly<Record<string, string | number>>;

/** Something that a visitor does. `at` is in minutes since the fortnight began. */
export type Activity = {
  readonly visitor: number;
  readonly eventType: string;
  readonly at: number;
  readonly who: Who;
  readonly sessionId?: string;
  readonly properties?: Details;
  readonly traits?: Details;
};

/** The ways into the service, with what uses them. */
export const ways = {
  segment: "Segment's SDK",
  single: 'REST',
  batch: 'batches',
  ndjson: 'NDJSON',
  cloudevents: 'CloudEvents',
} as const;
export type Way = keyof typeof ways;
export const wayNames: readonly Way[] = ['segment', 'single', 'batch', 'ndjson', 'cloudevents'];

/** An activity on its way to the service, where it arrives at a minute of the fortnight. */
export type Arrival = {
  readonly activity: Activity;
  readonly eventId: string;
  readonly way: Way;
  readonly at: number;
};

export const dayMinutes = 24 * 60;

/** How many days are played. */
export const days = 14;

/** The midnight (UTC) at which a fortnight of whole days that ends before a time began. */
export const beginningOf = (now: Date): Date =>
  new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate() - days));

/** The time of a minute of the fortnight. */
export const timeOf = (beginning: Date, minute: number): Date => new Date(beginning.getTime() + minute * 60_000);
