import { LRUCache } from 'lru-cache';
import type { Source, SourcesState } from '../../domain/sources/sources.ts';
import { projectOfSource, sources } from '../../domain/sources/sources.ts';
import { isFresh } from '../../flows/fresh.ts';
import type { ApiContext } from './context.ts';

/** Of how many projects it is remembered when they were looked at. */
const remembered = 10_000;

/** What tells whether a project is there. */
type Exists = (projectId: string) => Promise<boolean>;

/**
 * The sources that are there: as this process changes them, and as others do within 2 s. What is asked for and is not there costs
 * one look in that time for each project.
 */
export const knownSources = (
  { engine: { states }, monotonic }: Pick<ApiContext, 'engine' | 'monotonic'>,
  exists: Exists,
) => {
  const looked = new LRUCache<string, number>({ maxSize: remembered, sizeCalculation: () => 1 });
  const looks = new Map<string, Promise<SourcesState>>();

  const look = (projectId: string): Promise<SourcesState> => {
    const begun = looks.get(projectId);
    if (begun) return begun;
    const at = monotonic();
    const found = states.refresh(sources, projectId).then(({ state }) => {
      looked.set(projectId, at);
      return state;
    });
    looks.set(projectId, found);
    const end = (): void => void looks.delete(projectId);
    found.then(end, end);
    return found;
  };

  /** A source with its project, by its id alone. */
  return async (sourceId: string): Promise<(Source & { readonly projectId: string }) | undefined> => {
    const projectId = projectOfSource(sourceId);
    if (projectId === undefined || !(await exists(projectId))) return undefined;
    const state = isFresh(looked.get(projectId), monotonic)
      ? (await states.get(sources, projectId)).state
      : await look(projectId);
    const source = state.sources.get(sourceId);
    return source && { ...source, projectId };
  };
};
