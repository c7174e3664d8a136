import { claims } from './claims.ts';
import { dashboard } from './dashboard.ts';
import { deadlines } from './deadlines.ts';
import { deadLetters } from './dead-letters.ts';
import { deliveries } from './deliveries.ts';
import { deliveryQueues } from './delivery-queues.ts';
import { endpointHealth } from './endpoint-health.ts';
import { history } from './history.ts';
import { jobs } from './jobs.ts';
import { leads } from './leads.ts';
import { mails } from './mails.ts';
import { memberships } from './memberships.ts';
import { mergedLeads } from './merged-leads.ts';
import { erase } from './projection.ts';
import { projects } from './projects.ts';
import { rejects, rejectTotals } from './rejects.ts';
import { routings } from './routings.ts';
import { routedLeads } from './routed-leads.ts';
import { routingReport } from './routing-report.ts';
import { leadTraces, otherTraces } from './traces.ts';
import { secretAges } from './secret-ages.ts';
import { waiting } from './waiting.ts';
import { openWorkItems, workItems } from './work-items.ts';

/** All that can be seen, each once. */
export const projections = [
  erase(leads),
  erase(mergedLeads),
  erase(history),
  erase(dashboard),
  erase(projects),
  erase(jobs),
  erase(deadLetters),
  erase(routings),
  erase(routedLeads),
  erase(routingReport),
  erase(leadTraces),
  erase(otherTraces),
  erase(workItems),
  erase(openWorkItems),
  erase(deadlines),
  erase(claims),
  erase(waiting),
  erase(deliveries),
  erase(deliveryQueues),
  erase(endpointHealth),
  erase(rejects),
  erase(rejectTotals),
  erase(secretAges),
  erase(mails),
  erase(memberships),
] as const;
