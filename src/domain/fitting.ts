import type { Calendar } from './calendar.ts';
import { countryOf } from './country.ts';
import type { PoolState } from './pool.ts';
import type { Routable } from './routable.ts';
import type { Rep, Skill, Team } from './roster-events.ts';
import type { RosterState } from './roster.ts';

/** What a decision is taken on: who there is, who has what, and what the clock says to whom. */
export type Scene = { readonly roster: RosterState; readonly pool: PoolState; readonly calendar: Calendar };

const same = (a: string, b: string): boolean => a.trim().toLowerCase() === b.trim().toLowerCase();

/**
 * Whether a region that somebody serves is that of a lead. Where the country is known it decides: a lead from the US may say
 * `CA` of its region and mean California. Where it is not, a text of two letters says nothing.
 */
const isIn = (region: string, lead: Routable, groups: readonly (readonly [string, readonly string[]])[]): boolean => {
  const [, countries] = groups.find(([name]) => same(name, region)) ?? [];
  const country = countryOf(region);
  if (lead.country !== undefined && countries) return countries.some((each) => countryOf(each) === lead.country);
  if (lead.country !== undefined && country !== undefined) return country === lead.country;
  const said = countries !== undefined || !/^[a-z]{2}$/i.test(region.trim());
  return said && lead.region !== undefined && same(region, lead.region);
};

/** Whether somebody with these regions serves a lead. Who names none serves all; who does, none whose region nobody knows. */
export const serves = (regions: readonly string[], lead: Routable, { roster }: Scene): boolean => {
  if (regions.length === 0) return true;
  const groups = Object.entries(roster.routing.rules.regions);
  return regions.some((region) => isIn(region, lead, groups));
};

const speaks = ({ languages }: Rep, { language }: Routable): boolean =>
  language === undefined ||
  languages.length === 0 ||
  languages.some((each) => each.toLowerCase().split(/[-_]/)[0] === language);

const knows = ({ industries }: Rep, { industry }: Routable): boolean =>
  industry === undefined || industries.length === 0 || industries.some((each) => same(each, industry));

/** The level of a skill that a rep has; 0 without it. */
export const levelOf = ({ skills }: Rep, skill: string): number =>
  skills.find((each) => same(each.skill, skill))?.level ?? 0;

/** Why a rep has no room for one more lead, whoever gives it; undefined when it has. */
export const noRoom = (rep: Rep, { pool, calendar }: Scene, leadId: string): string | undefined => {
  // A lead that the rep has already takes no more room.
  if (pool.places.get(leadId)?.repId === rep.repId) return undefined;
  if ((pool.open.get(rep.repId) ?? 0) >= rep.capacity) return 'at capacity';
  const [taken, time] = [pool.taken.get(rep.repId), calendar.get(rep.repId)];
  const today = taken && taken.day === time?.day ? taken.today : 0;
  if (rep.perDay !== undefined && today >= rep.perDay) return "at the day's cap";
  const thisWeek = taken && taken.week === time?.week ? taken.thisWeek : 0;
  if (rep.perWeek !== undefined && thisWeek >= rep.perWeek) return "at the week's cap";
  return undefined;
};

const unfit = (rep: Rep, lead: Routable, skills: readonly Skill[]): string | undefined => {
  const lacking = skills.find(({ skill, level }) => levelOf(rep, skill) < level);
  if (lacking) return `skill: ${lacking.skill}`;
  if (!speaks(rep, lead)) return 'language';
  return knows(rep, lead) ? undefined : 'industry';
};

/** A rep as a member of what a rule names: by a team, or by itself. */
export type Member = { readonly rep: Rep; readonly teams: readonly Team[] };

/** The first team through which a rep serves a lead; a rep without teams needs none. */
export const teamFor = ({ teams }: Member, lead: Routable, scene: Scene): Team | undefined =>
  teams.find(({ regions }) => serves(regions, lead, scene));

/** Why a member can't have a lead, by the filters that always hold and the skills that a rule asks for; undefined when it fits. */
export const reasonOut = (
  member: Member,
  lead: Routable,
  scene: Scene,
  skills: readonly Skill[],
): string | undefined => {
  const { rep, teams } = member;
  if (rep.status !== 'active') return rep.status;
  if (lead.excluded.includes(rep.repId)) return 'excluded';
  if (!serves(rep.regions, lead, scene) || (teams.length > 0 && !teamFor(member, lead, scene))) return 'region';
  return (
    unfit(rep, lead, skills) ??
    (scene.calendar.get(rep.repId)?.on === true ? undefined : 'off shift') ??
    noRoom(rep, scene, lead.leadId)
  );
};
