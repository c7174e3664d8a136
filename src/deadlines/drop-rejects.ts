import { dropReject } from '../commands/sources/drop-reject.ts';
import { intent } from '../flows/intent.ts';
import { allProjects } from '../projections/projects.ts';
import { excessOf, rejects, rejectTotals } from '../projections/rejects.ts';
import type { Queries } from '../readmodels/queries.ts';
import type { AnyDeadline } from './deadline.ts';
import { deadline } from './deadline.ts';

/** Lets go what was settled long ago. */
export const dropSettledRejects = deadline({
  name: 'drop-settled-rejects',
  projection: rejects,
  field: 'goesAt',
  intent: ({ projectId, rejectId }) => intent(dropReject, { projectId, rejectId, reason: 'age' }),
});

type Excess = ReturnType<typeof excessOf>[number];

/** How many are let go at a time. */
const atOnce = 200;

/** The oldest open rejects of a way, as many as have to go, in pages. */
const oldestOf = async function* (readModels: Pick<Queries, 'find'>, projectId: string, excess: Excess) {
  const { way } = excess;
  let { open, bytes } = excess;
  const where = [
    { field: 'projectId', op: 'eq', value: projectId },
    { field: 'via', op: 'eq', value: way },
    { field: 'status', op: 'eq', value: 'open' },
  ] as const;
  let after: readonly (string | number)[] | undefined;
  while (open > 0 || bytes > 0) {
    const page = { where, sort: [{ field: 'receivedAt', direction: 'asc' }] as const, limit: atOnce };
    const { docs, next } = await readModels.find(allProjects, rejects, { ...page, ...(after && { after }) });
    const going = [];
    for (const doc of docs) {
      if (open <= 0 && bytes <= 0) break;
      [open, bytes] = [open - 1, bytes - doc.bytes];
      going.push(doc);
    }
    yield going;
    if (!next) return;
    after = next;
  }
};

/** Lets the oldest rejects of a project go where more are kept than there is room for. */
export const makeRoomForRejects: AnyDeadline = {
  name: 'make-room-for-rejects',
  due: async function* (readModels) {
    const { docs: full } = await readModels.find(allProjects, rejectTotals, {
      where: [{ field: 'full', op: 'eq', value: 1 }],
      sort: [],
      limit: 50,
    });
    for (const totals of full)
      for (const excess of excessOf(totals))
        for await (const going of oldestOf(readModels, totals.projectId, excess))
          yield going.map(({ projectId, rejectId }) => ({
            intent: intent(dropReject, { projectId, rejectId, reason: 'room' as const }),
            position: 0,
          }));
  },
};
