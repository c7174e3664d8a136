import { LRUCache } from 'lru-cache';
import type { Member } from '../../domain/projects/members.ts';
import type { Key, ProjectState } from '../../domain/projects/project.ts';
import { project } from '../../domain/projects/project.ts';
import { isFresh, lookingUp } from '../../flows/fresh.ts';
import type { ApiContext } from './context.ts';
import { streamOf } from '../../domain/streams.ts';

/** Of how many projects it is remembered when they were looked at: of those that are there, and of those that are not. */
const remembered = 10_000;

/** What is kept of a look: not the whole state, of which others have newer ones. */
type Found = Pick<ProjectState, 'keys' | 'members'>;
type Search = { readonly at: number; readonly found: Promise<Found | undefined> };

/**
 * The projects that are there, with the keys that are valid and the members: as this process changes them, and as others do within 2 s by a clock
 * that never steps back. What is asked for and is not there costs no more than one look in that time for each project, and takes
 * nobody's place in memory. While the store is away, what is known is as it was.
 */
export const knownProjects = ({ engine: { states }, monotonic }: Pick<ApiContext, 'engine' | 'monotonic'>) => {
  // By size: with `max` the room for all of them would be made at once, at each start.
  const bound = { maxSize: remembered, sizeCalculation: () => 1 };
  const checked = new LRUCache<string, number>(bound);
  const missing = new LRUCache<string, number>(bound);
  const searches = new LRUCache<string, Search>(bound);

  const look = async (projectId: string): Promise<ProjectState | undefined> => {
    const begun = monotonic();
    // The state of a stream is kept in place of others' states: a stream without facts must not come that far.
    const exists = checked.has(projectId) || (await states.read(streamOf(project.name, projectId), -1, 1)).length > 0;
    if (!exists) {
      missing.set(projectId, begun);
      return undefined;
    }
    const { state } = await states.refresh(project, projectId);
    checked.set(projectId, begun);
    return state;
  };

  const knownOf = async (projectId: string): Promise<ProjectState> => (await states.get(project, projectId)).state;
  const lookup = lookingUp({
    monotonic,
    look,
    goOn: (projectId) => {
      if (!checked.has(projectId)) return undefined;
      checked.set(projectId, monotonic());
      return knownOf(projectId);
    },
  });

  const stateOf = async (projectId: string): Promise<ProjectState | undefined> => {
    const at = checked.get(projectId);
    if (at === undefined && isFresh(missing.get(projectId), monotonic)) return undefined;
    return lookup.of(projectId, at, () => knownOf(projectId));
  };

  /** Looks whether another process has issued a key or added a member meanwhile, once for all who ask in that time. */
  const search = (projectId: string): Promise<Found | undefined> => {
    const last = searches.get(projectId);
    if (last && isFresh(last.at, monotonic)) return last.found;
    const found = look(projectId).then((state) => state && { keys: state.keys, members: state.members });
    searches.set(projectId, { at: monotonic(), found });
    return found;
  };

  return {
    /** Whether it is known of a project, without a look, whether it is there: also of one that began here, or was changed here. */
    isAtHand: (projectId: string): boolean =>
      checked.has(projectId) ||
      isFresh(missing.get(projectId), monotonic) ||
      states.known(project, projectId) !== undefined,
    exists: async (projectId: string): Promise<boolean> => (await stateOf(projectId)) !== undefined,
    /** A valid key of a project that fits. One that does not may have been given another value by another process. */
    keyOf: async (projectId: string, keyId: string, fits: (key: Key) => boolean): Promise<Key | undefined> => {
      const state = await stateOf(projectId);
      const known = state?.keys.get(keyId);
      if (!state || (known && fits(known))) return known;
      const found = (await search(projectId))?.keys.get(keyId);
      return found && fits(found) ? found : undefined;
    },
    /** A member of a project. One who is not known may have been added by another process. */
    memberOf: async (projectId: string, personId: string): Promise<Member | undefined> => {
      const state = await stateOf(projectId);
      return state && (state.members.get(personId) ?? (await search(projectId))?.members.get(personId));
    },
  };
};
