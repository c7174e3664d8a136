import type { ScoringModel } from './scoring-model.ts';
import { modelSchema } from './scoring-model.ts';

/**
 * What the default model gives points for: an event type, its points, and what else the same is called, by the events that
 * Segment specifies and by names that are usual among those who send such events.
 */
const worth: readonly (readonly [eventType: string, points: number, ...otherNames: readonly string[]])[] = [
  ['page_view', 5, 'page_viewed', 'screen_view', 'screen_viewed'],
  ['email_open', 10, 'email_opened'],
  ['form_submit', 20, 'form_submitted', 'form_completed', 'contact_form_submitted'],
  ['demo_request', 50, 'demo_requested', 'demo_booked', 'demo_scheduled', 'requested_demo'],
  ['contract_signed', 100, 'signed_contract', 'order_completed', 'purchase_completed'],
  ['webinar_attendance', 25, 'webinar_attended', 'attended_webinar'],
  ['pricing_page_visit', 15, 'pricing_page_visited', 'pricing_page_viewed', 'viewed_pricing_page'],
  ['signup', 30, 'sign_up', 'signed_up', 'user_signed_up', 'account_created'],
  ['download', 15, 'downloaded', 'file_downloaded', 'content_downloaded'],
  ['unsubscribe', -20, 'unsubscribed', 'email_unsubscribed'],
];

const modelWith = (typesOf: (eventType: string, otherNames: readonly string[]) => string | string[]): ScoringModel =>
  modelSchema.parse({
    engagement: worth.map(([id, points, ...otherNames]) => ({
      id,
      when: { eventType: typesOf(id, otherNames) },
      points,
    })),
  });

/** What each project begins with that does not say otherwise: those of before there were other editions. */
export const defaultModel: ScoringModel = modelWith((eventType) => eventType);

/** The edition of the default model that projects begin with by now. None is ever changed: a better one is another edition. */
export const newestEdition = 2;

const secondModel: ScoringModel = modelWith((eventType, otherNames) => [eventType, ...otherNames]);

/** Version 1 of a project's model, by the edition that the project began with; the first unless it says. */
export const defaultModelOf = (edition: number | undefined): ScoringModel =>
  edition === undefined || edition < newestEdition ? defaultModel : secondModel;
