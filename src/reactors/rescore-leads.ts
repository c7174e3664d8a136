import { requestJob } from '../commands/jobs/request-job.ts';
import { intent } from '../flows/intent.ts';
import { projectOfStream, streamsOf } from '../domain/streams.ts';
import type { Reactor } from './reactor.ts';

/** Asks for all leads of a project to be scored again when a model was published. */
export const rescoreLeads: Reactor = {
  name: 'rescore-leads',
  streams: [streamsOf('project')],
  on: {
    ScoringModelPublished: ({ stream, data: { version } }) => [
      intent(requestJob, {
        projectId: projectOfStream(stream),
        jobId: `rescore-${version}`,
        kind: 'rescore',
        version,
      }),
    ],
  },
};
