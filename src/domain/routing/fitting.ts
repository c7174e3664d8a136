import type { Calendar } from './calendar.ts';
import { countryOf } from '../conditions/country.ts';
import { languageIn } from '../conditions/language.ts';
import type { PoolState } from './pool.ts';
import { plainRegion } from './regions.ts';
import type { Routable } from './routable.ts';
import type { Rep, Skill, Team } from './roster-events.ts';
import type { RosterState } from './roster.ts';

/** What a decision is taken on: who there is, who has what, and what the clock says to whom. */
export type Scene = { readonly roster: RosterState; readonly pool: PoolState; readonly calendar: Calendar };

const same = (a: string, b: string): boolean => a.trim().toLowerCase() === b.trim().toLowerCase();

type Groups = ReadonlyMap<string, readonly string[]>;

const plain = (text: string): string => text.trim().toLowerCase();

/** The names that rules have for groups of countries. */
const groupsOf = ({ routing }: RosterState): Groups =>
  new Map(Object.entries(routing.rules.regions).map(([name, countries]) => [plainRegion(name), countries]));

/**
 * Whether a region that somebody serves is that of a lead. Where the country is known it decides: a lead from the US may say
 * `CA` of its region and mean California. Where it is not, a text of two letters says nothing.
 */
const isIn = (region: string, lead: Routable, groups: Groups): boolean => {
  const countries = groups.get(plainRegion(region));
  const country = countries === undefined ? countryOf(region) : undefined;
  // A region without countries is what leads call it.
  if (lead.country !== undefined && countries && countries.length > 0)
    return countries.some((each) => countryOf(each) === lead.country);
  if (lead.country !== undefined && country !== undefined) return country === lead.country;
  const said = countries !== undefined || !/^[a-z]{2}$/i.test(region.trim());
  return said && lead.region !== undefined && same(region, lead.region);
};

const speaks = ({ languages }: Rep, { language }: Routable): boolean =>
  languages.some((each) => languageIn(each) === language);

const knows = ({ industries }: Rep, { industry = '' }: Routable): boolean =>
  industries.some((each) => same(each, industry));

/** Why a rep has no room for one more lead, whoever gives it; undefined when it has. */
const noRoomForMore = (rep: Rep, { pool, calendar }: Scene): string | undefined => {
  if ((pool.open.get(rep.repId) ?? 0) >= rep.capacity) return 'at capacity';
  if (rep.perDay === undefined && rep.perWeek === undefined) return undefined;
  const [taken, time] = [pool.taken.get(rep.repId), calendar.get(rep.repId)];
  const today = taken && taken.day === time?.day ? taken.today : 0;
  if (rep.perDay !== undefined && today >= rep.perDay) return "at the day's cap";
  const thisWeek = taken && taken.week === time?.week ? taken.thisWeek : 0;
  if (rep.perWeek !== undefined && thisWeek >= rep.perWeek) return "at the week's cap";
  return undefined;
};

/** Why a rep has no room for a lead, whoever gives it; undefined when it has. A lead that it has already takes no more room. */
export const noRoom = (rep: Rep, scene: Scene, leadId: string): string | undefined =>
  scene.pool.places.get(leadId)?.repId === rep.repId ? undefined : noRoomForMore(rep, scene);

/** A rep as a member of what a rule names: by a team, or by itself. */
export type Member = { readonly rep: Rep; readonly teams: readonly Team[] };

/** Who fits a lead. */
export type Fitting = {
  /** The level of a skill that a rep has; 0 without it. */
  readonly levelOf: (rep: Rep, skill: string) => number;
  /** The first team through which a rep serves the lead; a rep without teams needs none. */
  readonly teamFor: (member: Member) => Team | undefined;
  /** Why a member can't have the lead, by the filters that always hold and the skills that a rule asks for; undefined when it fits. */
  readonly reasonOut: (member: Member, skills: readonly Skill[]) => string | undefined;
};

/** What serves regions: a rep or a team. */
type Serving = { readonly regions: readonly string[] };

/** Remembers what a function gave for each argument. */
const remembered = <A, R>(find: (of: A) => R): ((of: A) => R) => {
  const known = new Map<A, R>();
  return (of) => {
    const before = known.get(of);
    if (before !== undefined) return before;
    const found = find(of);
    known.set(of, found);
    return found;
  };
};

/** Of a skill that is there twice the first counts. */
const levelsOf = ({ skills }: Rep): ReadonlyMap<string, number> =>
  new Map(skills.toReversed().map(({ skill, level }) => [plain(skill), level]));

/**
 * Tells who fits a lead, for one decision: a rep may be asked about by many steps, and its lists and regions are gone through
 * once. Who names no region serves all; who does, none whose region nobody knows.
 */
export const fitting = (lead: Routable, scene: Scene): Fitting => {
  const groups = remembered((_: 'all') => groupsOf(scene.roster));
  const inRegion = remembered((region: string) => isIn(region, lead, groups('all')));
  const isThere = remembered(({ regions }: Serving) => regions.some(inRegion));
  const serves = (of: Serving): boolean => of.regions.length === 0 || isThere(of);
  const levels = remembered(levelsOf);
  const [speaking, knowing] = [remembered((rep: Rep) => speaks(rep, lead)), remembered((rep: Rep) => knows(rep, lead))];
  const excluded = new Set(lead.excluded);
  const owner = scene.pool.places.get(lead.leadId)?.repId;

  const levelOf = (rep: Rep, skill: string): number => levels(rep).get(plain(skill)) ?? 0;
  const teamFor = ({ teams }: Member): Team | undefined => teams.find(serves);
  const unfit = (rep: Rep, skills: readonly Skill[]): string | undefined => {
    const lacking = skills.find(({ skill, level }) => levelOf(rep, skill) < level);
    if (lacking) return `skill: ${lacking.skill}`;
    if (lead.language !== undefined && rep.languages.length > 0 && !speaking(rep)) return 'language';
    return lead.industry === undefined || rep.industries.length === 0 || knowing(rep) ? undefined : 'industry';
  };
  return {
    levelOf,
    teamFor,
    reasonOut: (member, skills) => {
      const { rep, teams } = member;
      if (rep.status !== 'active') return rep.status;
      if (excluded.has(rep.repId)) return 'excluded';
      if (!serves(rep) || (teams.length > 0 && !teamFor(member))) return 'region';
      return (
        unfit(rep, skills) ??
        (scene.calendar.get(rep.repId)?.on === true ? undefined : 'off shift') ??
        (rep.repId === owner ? undefined : noRoomForMore(rep, scene))
      );
    },
  };
};
