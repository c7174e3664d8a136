import { mindResponse } from '../commands/routing/mind-response.ts';
import { intent } from '../flows/intent.ts';
import { deadlines } from '../projections/deadlines.ts';
import { routeLeads } from '../reactors/route-leads.ts';
import { deadline } from './deadline.ts';

/** Reminds, looks for another rep or escalates when a reply is due. What comes after the search for another rep waits for what came of it. */
export const mindReplies = deadline({
  name: 'mind-replies',
  projection: deadlines,
  field: 'next',
  after: { reactor: routeLeads, position: ({ looked }) => looked },
  intent: ({ projectId, leadId, decision, taken }) => intent(mindResponse, { projectId, leadId, decision, taken }),
});
