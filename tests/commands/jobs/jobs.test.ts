import { describe, it } from 'vitest';
import { cancelJob } from '../../../src/commands/jobs/cancel-job.ts';
import { claimJob } from '../../../src/commands/jobs/claim-job.ts';
import { failJob } from '../../../src/commands/jobs/fail-job.ts';
import { progressJob } from '../../../src/commands/jobs/progress-job.ts';
import { requestJob } from '../../../src/commands/jobs/request-job.ts';
import { retryJob } from '../../../src/commands/jobs/retry-job.ts';
import {
  at,
  jobCancelled,
  jobClaimed,
  jobCompleted,
  jobFailed,
  jobProgressed,
  jobRequested,
  jobRetried,
  projectId,
} from '../../support/facts.ts';
import { given } from '../../support/given.ts';

const until = '2026-03-10T12:00:30.000Z';
const its = { projectId, jobId: 'rescore-2' };
const requesting = { ...its, kind: 'rescore' as const, version: 2 };
const claiming = { ...its, holder: 'worker-1', until, takeOver: false };
const progressing = { ...its, holder: 'worker-1', until, cursor: 'c1', done: 10, total: 20, complete: false };
const failing = { ...its, holder: 'worker-1', error: 'It broke', attempts: 5, firstFailedAt: at };

describe('Requesting a job', () => {
  it('begins it once', () => {
    given().when(requestJob, requesting).then(jobRequested());
    given(jobRequested()).when(requestJob, requesting).then();
    given(jobRequested(), jobClaimed(), jobCompleted()).when(requestJob, requesting).then();
  });
});

describe('Claiming a job', () => {
  it('gives it to a worker until a time', () => {
    given(jobRequested()).when(claimJob, claiming).then(jobClaimed());
  });

  it('is rejected while another worker has it', () => {
    given(jobRequested(), jobClaimed({ holder: 'worker-2' }))
      .when(claimJob, claiming)
      .rejects('job-claimed');
  });

  it('takes it from a worker whose time is over, or that is known to be gone', () => {
    const over = jobClaimed({ holder: 'worker-2', until: at });
    given(jobRequested(), over)
      .when(claimJob, claiming)
      .then(jobClaimed({ attempt: 2 }));
    given(jobRequested(), jobClaimed({ holder: 'worker-2' }))
      .when(claimJob, { ...claiming, takeOver: true })
      .then(jobClaimed({ attempt: 2 }));
  });

  it('again by the same worker gives it more time, and is no new attempt', () => {
    given(jobRequested(), jobClaimed({ until: at }))
      .when(claimJob, claiming)
      .then(jobClaimed());
  });

  it('is rejected once it has ended, and for a job that nobody asked for', () => {
    given(jobRequested(), jobClaimed(), jobCompleted()).when(claimJob, claiming).rejects('job-ended');
    given(jobRequested(), jobClaimed(), jobFailed()).when(claimJob, claiming).rejects('job-ended');
    given(jobRequested(), jobCancelled()).when(claimJob, claiming).rejects('job-ended');
    given().when(claimJob, claiming).rejects('job-unknown');
  });
});

describe('Progressing a job', () => {
  it('notes how far it is', () => {
    given(jobRequested(), jobClaimed()).when(progressJob, progressing).then(jobProgressed());
  });

  it('completes it, once', () => {
    const completing = { ...progressing, done: 20, complete: true };
    given(jobRequested(), jobClaimed(), jobProgressed()).when(progressJob, completing).then(jobCompleted());
    given(jobRequested(), jobClaimed(), jobCompleted()).when(progressJob, completing).then();
  });

  it('is rejected to a worker that has lost it, and once it has ended', () => {
    given(jobRequested(), jobClaimed({ holder: 'worker-2' }))
      .when(progressJob, progressing)
      .rejects('job-claimed');
    given(jobRequested(), jobClaimed(), jobCancelled()).when(progressJob, progressing).rejects('job-ended');
    given(jobRequested(), jobClaimed(), jobCompleted()).when(progressJob, progressing).rejects('job-ended');
  });

  it('is rejected for a job that nobody asked for', () => {
    given().when(progressJob, progressing).rejects('job-unknown');
  });
});

describe('A job that fails', () => {
  it('waits until somebody wants it tried again, and then for a worker', () => {
    given(jobRequested(), jobClaimed()).when(failJob, failing).then(jobFailed());
    given(jobRequested(), jobClaimed(), jobFailed()).when(retryJob, its).then(jobRetried());
    given(jobRequested(), jobClaimed(), jobFailed(), jobRetried())
      .when(claimJob, claiming)
      .then(jobClaimed({ attempt: 2 }));
  });

  it('is not failed by a worker that has lost it', () => {
    given(jobRequested(), jobClaimed({ holder: 'worker-2' }))
      .when(failJob, failing)
      .then();
    given().when(failJob, failing).rejects('job-unknown');
  });

  it('is not retried while it runs, nor when it has ended otherwise', () => {
    given(jobRequested(), jobClaimed()).when(retryJob, its).then();
    given(jobRequested(), jobClaimed(), jobCompleted()).when(retryJob, its).rejects('job-ended');
    given(jobRequested(), jobCancelled()).when(retryJob, its).rejects('job-ended');
    given().when(retryJob, its).rejects('job-unknown');
  });
});

describe('Cancelling a job', () => {
  const cancelling = { ...its, reason: 'By mistake' };

  it('ends it, whether it waits, runs or failed, once', () => {
    given(jobRequested()).when(cancelJob, cancelling).then(jobCancelled());
    given(jobRequested(), jobClaimed()).when(cancelJob, cancelling).then(jobCancelled());
    given(jobRequested(), jobClaimed(), jobFailed()).when(cancelJob, cancelling).then(jobCancelled());
    given(jobRequested(), jobCancelled()).when(cancelJob, cancelling).then();
  });

  it('is rejected when it is completed, and for a job that nobody asked for', () => {
    given(jobRequested(), jobClaimed(), jobCompleted()).when(cancelJob, cancelling).rejects('job-ended');
    given().when(cancelJob, cancelling).rejects('job-unknown');
  });
});
