import type { Scope } from '../../domain/projects/project.ts';
import { keySecrets } from '../../domain/projects/keys.ts';
import { mustHaveKey, project } from '../../domain/projects/project.ts';
import { allProjects, projects as collection } from '../../projections/projects.ts';
import { pageIn } from '../page-in.ts';
import type { Page, QueryContext, Range } from '../queries.ts';
import { equal, viewsOf } from '../queries.ts';
import type { SecretView } from '../secrets.ts';
import { secretViews } from '../secrets.ts';

/** A tenant as it is shown. */
export type ProjectView = { readonly projectId: string; readonly name: string; readonly createdAt: string };

/** A page of the projects, oldest first; of the one, where it is named. */
export const projects = async (
  { readModels }: QueryContext,
  projectId: string | undefined,
  range: Range,
): Promise<Page<ProjectView>> => {
  const page = await readModels.find(allProjects, collection, {
    where: equal('projectId', projectId),
    sort: [{ field: 'createdAt', direction: 'asc' }],
    ...range,
  });
  return viewsOf(page, ({ projectId: id, name, createdAt }) => ({ projectId: id, name, createdAt }));
};

/** A project that is known to be there. */
export const projectOf = async ({ states }: QueryContext, projectId: string): Promise<ProjectView> => {
  const { name, createdAt } = (await states.get(project, projectId)).state;
  return { projectId, name, createdAt };
};

/** A key as it is shown: never its value, nor the hash of that. */
export type KeyView = {
  readonly keyId: string;
  readonly name: string;
  readonly scopes: Scope[];
  /** The origins from which alone it is taken. */
  readonly origins: string[] | undefined;
};

/** A page of the keys of a project that are valid, by id. */
export const keys = async ({ states }: QueryContext, projectId: string, range: Range): Promise<Page<KeyView>> => {
  const { state } = await states.refresh(project, projectId);
  const page = pageIn(state.keys.values(), ({ keyId }) => keyId, range);
  return viewsOf(page, ({ keyId, name, scopes, origins }) => ({ keyId, name, scopes, origins }));
};

/** The scopes of a key. Throws a `Rejection` when there is no such key. */
export const scopesOf = async ({ states }: QueryContext, projectId: string, keyId: string): Promise<readonly Scope[]> =>
  mustHaveKey((await states.refresh(project, projectId)).state, keyId).scopes;

/** The values that a key has and had, without what they are, the newest first. Throws a `Rejection` when there is no such key. */
export const keySecretsOf = async (
  { states, clock }: QueryContext,
  projectId: string,
  keyId: string,
): Promise<readonly SecretView[]> => {
  const { state } = await states.refresh(project, projectId);
  return secretViews(keySecrets(mustHaveKey(state, keyId), state.createdAt), clock());
};
