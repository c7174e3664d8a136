import type { Collection, ReadModels } from './read-models.ts';

/** The name of a generation of a collection. The first one, 0, has the collection's own. */
export const generationName = (name: string, generation: number): string =>
  generation === 0 ? name : `${name}@${generation}`;

const [servingMark, builtMark] = [(name: string) => `serving:${name}`, (name: string) => `built:${name}`];

/** The generation of a collection that answers: the marks are checkpoints, which only ever go up and are written at once. */
export const servingOf = (readModels: ReadModels, name: string): Promise<number> =>
  readModels.checkpoint(servingMark(name));

/** Makes a generation the one that answers, unless a later one does. */
export const serve = (readModels: ReadModels, name: string, generation: number): Promise<void> =>
  readModels.saveCheckpoint(servingMark(name), generation);

/** The generation to build next, that nobody built before. It is kept once somebody begins it. */
export const nextOf = async (readModels: ReadModels, name: string): Promise<number> =>
  Math.max(await servingOf(readModels, name), await readModels.checkpoint(builtMark(name))) + 1;

export const begin = (readModels: ReadModels, name: string, generation: number): Promise<void> =>
  readModels.saveCheckpoint(builtMark(name), generation);

const versionMark = (name: string): string => `version:${name}`;

/** Which version of its projection made the documents of a generation, by its name: 1 where nobody said. */
export const versionOf = async (readModels: ReadModels, name: string): Promise<number> =>
  Math.max(1, await readModels.checkpoint(versionMark(name)));

/** Says which version of its projection makes the documents of a generation, from the first fact on. */
export const madeBy = (readModels: ReadModels, name: string, version: number): Promise<void> =>
  readModels.saveCheckpoint(versionMark(name), version);

/**
 * Read models in which each of these collections is the generation of it that answers: what is read, replaced, and how far
 * it is. Collections that are named with their generation are as they are. `maxAge` is how long, in ms, a generation that
 * was looked up is used for others: what is dropped must not have answered for longer than that.
 */
export const serving = (
  readModels: ReadModels,
  names: readonly string[],
  { maxAge, now = () => performance.now() }: { readonly maxAge: number; readonly now?: () => number },
): ReadModels => {
  const known = new Map<string, { readonly name: string; readonly until: number }>();
  const current = async (name: string): Promise<string> => {
    if (!names.includes(name)) return name;
    const recent = known.get(name);
    if (recent && recent.until > now()) return recent.name;
    const found = generationName(name, await servingOf(readModels, name));
    if (maxAge > 0) known.set(name, { name: found, until: now() + maxAge });
    return found;
  };
  const of = async <D>(collection: Collection<D>): Promise<Collection<D>> => {
    const name = await current(collection.name);
    return name === collection.name ? collection : { ...collection, name };
  };
  return {
    ...readModels,
    get: async (project, collection, id) => readModels.get(project, await of(collection), id),
    find: async (project, collection, query) => readModels.find(project, await of(collection), query),
    count: async (project, collection, where) => readModels.count(project, await of(collection), where),
    load: async (collection, keys) => readModels.load(await of(collection), keys),
    replace: async (collection, documents) => readModels.replace(await of(collection), documents),
    size: async (name) => readModels.size(await current(name)),
    checkpoint: async (name) => readModels.checkpoint(await current(name)),
    standing: async (name) => readModels.standing(await current(name)),
  };
};
