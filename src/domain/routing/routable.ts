import { overviewOf } from '../lead/activities.ts';
import type { JsonObject } from '../lead/activity.ts';
import { countryNames } from '../conditions/condition-form.ts';
import { contextIn } from '../lead/overview.ts';
import { countryOf } from '../conditions/country.ts';
import { isFreeMail } from '../identity/free-mail.ts';
import { languageIn, languageOf } from '../conditions/language.ts';
import { smallestOf } from '../identity/identity.ts';
import type { LeadState } from '../lead/lead.ts';
import { traitsOf } from '../lead/scorable.ts';
import { withAddress } from '../lead/profile.ts';
import type { RoutingRules } from './routing-rules.ts';

/** What a decision looks at in a lead. Texts are in lower case, `country` is a code; undefined where nobody said. */
export type Routable = {
  readonly leadId: string;
  readonly score: number;
  /** What the conditions of rules look at. */
  readonly facts: JsonObject;
  readonly country: string | undefined;
  readonly region: string | undefined;
  readonly language: string | undefined;
  readonly industry: string | undefined;
  /** The company, by the domain of its e-mail addresses. */
  readonly domain: string | undefined;
  /** Who had it last. */
  readonly previous: string | undefined;
  readonly excluded: readonly string[];
  readonly approved: boolean;
};

const domainIn = (address: string): string => address.slice(address.lastIndexOf('@') + 1).toLowerCase();

const textIn = (traits: JsonObject, ...names: readonly string[]): string | undefined => {
  for (const name of names) {
    const value = traits[name];
    if (typeof value === 'string' && value.trim() !== '') return value.trim();
  }
  return undefined;
};

/** Where a lead says that it is: of itself, or in its address. */
const countryIn = (traits: JsonObject): string | undefined => {
  const { address } = traits;
  const isPart = typeof address === 'object' && address !== null && !Array.isArray(address);
  return textIn(traits, ...countryNames) ?? (isPart ? textIn(address, ...countryNames) : undefined);
};

/** What a decision looks at in a lead, by the facts of its stream. A trait `source` counts before where the first activity came from. */
export const routable = (state: LeadState, { freeMailDomains }: RoutingRules): Routable => {
  const { leadId, scored, ownership, qualifications } = state;
  const traits = traitsOf(state);
  const identifiers = [...state.identifiers.values()];
  const email = smallestOf(identifiers, 'email');
  const emailDomain = email === undefined ? undefined : domainIn(email);
  const free = emailDomain === undefined || isFreeMail(emailDomain) || freeMailDomains.includes(emailDomain);
  const overview = overviewOf(state.activities);
  const { sources, first } = overview;
  const source = textIn(traits, 'source') ?? first?.source;
  const [userId, anonymousId] = [smallestOf(identifiers, 'userId'), smallestOf(identifiers, 'anonymousId')];
  const country = countryIn(traits);
  const language = textIn(traits, 'language', 'locale');
  return {
    leadId,
    score: scored.score,
    facts: {
      score: scored.score,
      fit: scored.fit,
      engagement: scored.engagement,
      stage: scored.stage,
      qualifications: qualifications.count,
      profile: withAddress(traits, email),
      sources: [...sources].sort(),
      ...(source !== undefined && { source }),
      identifiers: {
        ...(email !== undefined && { email, emailDomain: domainIn(email) }),
        ...(userId !== undefined && { userId }),
        ...(anonymousId !== undefined && { anonymousId }),
      },
      context: contextIn(overview),
    },
    country: country === undefined ? undefined : (countryOf(country) ?? country.toUpperCase()),
    region: textIn(traits, 'region')?.toLowerCase(),
    language: language === undefined ? undefined : (languageOf(language) ?? languageIn(language)),
    industry: textIn(traits, 'industry')?.toLowerCase(),
    domain: free ? undefined : emailDomain,
    previous: ownership.repId,
    excluded: [...ownership.excluded].sort(),
    approved: ownership.approved,
  };
};
