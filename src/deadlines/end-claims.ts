import { lapseWorkItem } from '../commands/work/lapse-work-item.ts';
import { intent } from '../flows/intent.ts';
import { claims } from '../projections/claims.ts';
import { deadline } from './deadline.ts';

/** Frees a work item when the time is over for which somebody claimed it. */
export const endClaims = deadline({
  name: 'end-claims',
  projection: claims,
  field: 'until',
  intent: ({ projectId, workId }) => intent(lapseWorkItem, { projectId, workId }),
});
