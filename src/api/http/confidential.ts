import type { RecordedView } from '../../queries/recorded.ts';
import type { Caller } from './caller.ts';

/** Whether somebody asks who may know what is about all projects and the inside of the service: the holder of the root key. */
export const isRoot = ({ permissions }: Pick<Caller, 'permissions'>): boolean => permissions.has('service');

/** What others are told in the place of an error's text, which may name what is inside, or of other projects. */
export const withheld = 'It could not be done; why is told to the root key only';

/** Fields of facts about work that name places in the whole log, processes, or why something failed. */
const inside: Readonly<Record<string, readonly string[]>> = {
  JobClaimed: ['holder'],
  JobProgressed: ['cursor'],
  JobFailed: ['error'],
  WorkParked: ['error'],
};

/** A fact as the caller may see it: to whoever belongs to a project, what facts about work say of the inside is withheld. */
export const factFor = (caller: Caller, fact: RecordedView): RecordedView => {
  const hidden = isRoot(caller) ? undefined : inside[fact.type];
  if (!hidden || typeof fact.data !== 'object' || fact.data === null) return fact;
  const told = Object.entries(fact.data).flatMap(([name, value]) => {
    if (!hidden.includes(name)) return [[name, value] as const];
    return name === 'error' ? [[name, withheld] as const] : [];
  });
  return { ...fact, data: Object.fromEntries(told) };
};
