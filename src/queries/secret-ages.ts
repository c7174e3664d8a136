import { allProjects } from '../projections/projects.ts';
import type { SecretKind } from '../projections/secret-ages.ts';
import { secretAges, secretKind } from '../projections/secret-ages.ts';
import type { QueryContext } from './queries.ts';

const dayMs = 24 * 3_600_000;

/** For how many days the oldest secret of each kind that is in use has been so, of all projects. */
export const oldestSecrets =
  ({ readModels, clock }: Pick<QueryContext, 'readModels' | 'clock'>) =>
  async (): Promise<readonly (readonly [days: number, SecretKind])[]> => {
    const oldest = async (kind: SecretKind) => {
      const { docs } = await readModels.find(allProjects, secretAges, {
        where: [{ field: 'kind', op: 'eq', value: kind }],
        sort: [{ field: 'since', direction: 'asc' }],
        limit: 1,
      });
      return docs.map(({ since }) => [Math.max(0, clock().getTime() - Date.parse(since)) / dayMs, kind] as const);
    };
    return (await Promise.all(secretKind.options.map(oldest))).flat();
  };
