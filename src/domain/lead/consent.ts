import { z } from 'zod';
import type { Activity, JsonObject } from './activity.ts';

/** What a person said last about hearing from us: yes or no, when it occurred (ISO 8601), and the activity that says so. */
export const consentSchema = z.object({ given: z.boolean(), at: z.string(), by: z.string() });
export type Consent = Readonly<z.infer<typeof consentSchema>>;

/** What activities are called in which somebody asks to hear no more, or to hear again. */
const said: ReadonlyMap<string, boolean> = new Map([
  ...[
    ...['unsubscribe', 'unsubscribed', 'email_unsubscribe', 'email_unsubscribed', 'opt_out', 'opted_out'],
    ...['spam_complaint', 'marked_as_spam', 'email_marked_as_spam'],
  ].map((type) => [type, false] as const),
  ...['subscribe', 'subscribed', 'resubscribe', 'resubscribed', 'opt_in', 'opted_in'].map(
    (type) => [type, true] as const,
  ),
]);

type Saying = Pick<Activity, 'eventType' | 'eventId' | 'occurredAt'>;

/** What is known after one more activity: the last to say so wins, by when it occurred and then by event id, as for traits. */
export const consentAfter = (before: Consent | undefined, activity: Saying): Consent | undefined => {
  const given = said.get(activity.eventType);
  if (given === undefined) return before;
  const { occurredAt: at, eventId: by } = activity;
  const isNewer = !before || at > before.at || (at === before.at && by > before.by);
  return isNewer ? { given, at, by } : before;
};

/** Whether a person asked to hear no more: in the last activity that says anything of it, or by the trait `unsubscribed`. */
export const isUnsubscribed = (consent: Consent | undefined, profile: JsonObject): boolean =>
  consent?.given === false || profile['unsubscribed'] === true || profile['unsubscribed'] === 'true';
