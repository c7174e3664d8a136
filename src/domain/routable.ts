import type { Activity, JsonObject } from './activity.ts';
import { inOrder } from './activity.ts';
import { contextOf } from './context.ts';
import { countryOf } from './country.ts';
import type { Identifier } from './identity.ts';
import type { LeadState } from './lead.ts';
import { traitsOf } from './lead.ts';
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

/** Where many people who have nothing to do with each other have their e-mail addresses. */
const freeMail: ReadonlySet<string> = new Set([
  ...['gmail.com', 'googlemail.com', 'outlook.com', 'hotmail.com', 'hotmail.co.uk', 'live.com', 'msn.com'],
  ...['yahoo.com', 'yahoo.co.uk', 'yahoo.fr', 'yahoo.de', 'ymail.com', 'aol.com', 'icloud.com', 'me.com', 'mac.com'],
  ...['gmx.de', 'gmx.net', 'gmx.com', 'web.de', 't-online.de', 'freenet.de', 'mail.com', 'mail.ru', 'yandex.ru'],
  ...['proton.me', 'protonmail.com', 'pm.me', 'zoho.com', 'fastmail.com', 'qq.com', '163.com', '126.com', 'naver.com'],
  ...['orange.fr', 'wanadoo.fr', 'free.fr', 'laposte.net', 'libero.it', 'comcast.net', 'verizon.net', 'att.net'],
]);

const domainIn = (address: string): string => address.slice(address.lastIndexOf('@') + 1).toLowerCase();

const smallest = (identifiers: readonly Identifier[], kind: Identifier['kind']): string | undefined =>
  identifiers
    .filter((each) => each.kind === kind)
    .map(({ value }) => value)
    .sort()[0];

const textIn = (traits: JsonObject, ...names: readonly string[]): string | undefined => {
  for (const name of names) {
    const value = traits[name];
    if (typeof value === 'string' && value.trim() !== '') return value.trim();
  }
  return undefined;
};

/** The main part of a language tag: `de` of `de-AT`. */
const languageOf = (tag: string | undefined): string | undefined => tag?.toLowerCase().split(/[-_]/)[0];

const sourcesOf = ({ activities }: LeadState) => {
  let first: Activity | undefined;
  const sources = new Set<string>();
  for (const activity of activities.values()) {
    sources.add(activity.source);
    if (!first || inOrder(activity, first) < 0) first = activity;
  }
  return { source: first?.source, sources: [...sources].sort() };
};

/** What a decision looks at in a lead, by the facts of its stream. A trait `source` counts before where the first activity came from. */
export const routable = (state: LeadState, { freeMailDomains }: RoutingRules): Routable => {
  const { leadId, scored, ownership, qualifications } = state;
  const traits = traitsOf(state);
  const identifiers = [...state.identifiers.values()];
  const email = smallest(identifiers, 'email');
  const emailDomain = email === undefined ? undefined : domainIn(email);
  const free = emailDomain === undefined || freeMail.has(emailDomain) || freeMailDomains.includes(emailDomain);
  const { source, sources } = sourcesOf(state);
  const [userId, anonymousId] = [smallest(identifiers, 'userId'), smallest(identifiers, 'anonymousId')];
  const country = textIn(traits, 'country', 'countryCode', 'country_code');
  return {
    ...{ leadId, score: scored.score },
    facts: {
      ...{ score: scored.score, fit: scored.fit, engagement: scored.engagement, stage: scored.stage },
      ...{ qualifications: qualifications.count, profile: traits, sources },
      ...((textIn(traits, 'source') ?? source) !== undefined && { source: textIn(traits, 'source') ?? source ?? '' }),
      identifiers: {
        ...(email !== undefined && { email, emailDomain: domainIn(email) }),
        ...(userId !== undefined && { userId }),
        ...(anonymousId !== undefined && { anonymousId }),
      },
      context: contextOf(state.activities.values()),
    },
    country: country === undefined ? undefined : (countryOf(country) ?? country.toUpperCase()),
    region: textIn(traits, 'region')?.toLowerCase(),
    language: languageOf(textIn(traits, 'language', 'locale')),
    industry: textIn(traits, 'industry')?.toLowerCase(),
    domain: free ? undefined : emailDomain,
    previous: ownership.repId,
    excluded: [...ownership.excluded].sort(),
    approved: ownership.approved,
  };
};
