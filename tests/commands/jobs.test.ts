import { describe, it } from 'vitest';
import { progressJob } from '../../src/commands/progress-job.ts';
import { requestJob } from '../../src/commands/request-job.ts';
import { jobCompleted, jobProgressed, jobRequested, projectId } from '../support/facts.ts';
import { given } from '../support/given.ts';

const requesting = { projectId, jobId: 'rescore-2', kind: 'rescore' as const, version: 2 };
const progressing = { projectId, jobId: 'rescore-2', cursor: 'c1', done: 10, total: 20, complete: false };

describe('Requesting a job', () => {
  it('begins it once', () => {
    given().when(requestJob, requesting).then(jobRequested());
    given(jobRequested()).when(requestJob, requesting).then();
    given(jobRequested(), jobCompleted()).when(requestJob, requesting).then();
  });
});

describe('Progressing a job', () => {
  it('notes how far it is', () => {
    given(jobRequested()).when(progressJob, progressing).then(jobProgressed());
  });

  it('completes it, once', () => {
    const completing = { ...progressing, done: 20, complete: true };
    given(jobRequested(), jobProgressed()).when(progressJob, completing).then(jobCompleted());
    given(jobRequested(), jobCompleted()).when(progressJob, completing).then();
    given(jobRequested(), jobCompleted()).when(progressJob, progressing).then();
  });

  it('is rejected for a job that nobody asked for', () => {
    given().when(progressJob, progressing).rejects('job-unknown');
  });
});
