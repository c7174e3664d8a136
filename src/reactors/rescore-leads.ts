import { requestJob } from '../commands/jobs/request-job.ts';
import type { Reactor } from './reactor.ts';

/** Asks for all leads of a project to be scored again when a model was published. */
export const rescoreLeads: Reactor = {
  name: 'rescore-leads',
  streams: ['project-'],
  types: ['ScoringModelPublished'],
  react: async (event) => {
    if (event.type !== 'ScoringModelPublished') return [];
    const projectId = event.stream.slice('project-'.length);
    const { version } = event.data;
    const input = { projectId, jobId: `rescore-${version}`, kind: 'rescore' as const, version };
    return [({ handle }, request) => handle(requestJob, input, request)];
  },
};
