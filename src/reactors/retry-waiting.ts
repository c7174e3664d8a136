import { flowIntent } from '../flows/intent.ts';
import { retryAllWaiting } from '../flows/route-lead.ts';
import { projectOfStream, streamsOf } from '../domain/streams.ts';
import type { Reaction, Reactor } from './reactor.ts';

const again = ({ stream }: { readonly stream: string }): readonly Reaction[] => [
  flowIntent(retryAllWaiting, { projectId: projectOfStream(stream) }),
];

/** Tries the leads that wait again when a place is free, or when there are other reps or rules. */
export const retryWaitingLeads: Reactor = {
  name: 'retry-waiting',
  streams: [streamsOf('pool'), streamsOf('roster')],
  onlyLast: true,
  on: {
    LeadFreed: again,
    TeamAdded: again,
    TeamChanged: again,
    RepAdded: again,
    RepChanged: again,
    RoutingRulesPublished: again,
  },
};
