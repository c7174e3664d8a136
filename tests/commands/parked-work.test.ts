import { describe, it } from 'vitest';
import { discardWork } from '../../src/commands/jobs/discard-work.ts';
import { finishWork } from '../../src/commands/jobs/finish-work.ts';
import { parkWork } from '../../src/commands/jobs/park-work.ts';
import { retryWork } from '../../src/commands/jobs/retry-work.ts';
import { projectId, workDiscarded, workDone, workParked, workRetried } from '../support/facts.ts';
import { given } from '../support/given.ts';

const { lastFailedAt: _, ...parking } = workParked().data;
const its = { projectId, workId: 'complete-merges.e1' };
const discarding = { ...its, reason: 'Not needed' };

describe('Work that is parked', () => {
  it('is parked once', () => {
    given().when(parkWork, parking).then(workParked());
    given(workParked()).when(parkWork, parking).then();
    given(workParked(), workDiscarded()).when(parkWork, parking).then();
  });

  it('is retried when somebody wants that, and is then done', () => {
    given(workParked()).when(retryWork, its).then(workRetried());
    given(workParked(), workRetried()).when(retryWork, its).then();
    given(workParked(), workRetried()).when(finishWork, its).then(workDone());
    given(workParked(), workRetried(), workDone()).when(finishWork, its).then();
  });

  it('is parked again when the retry fails, since when it failed first', () => {
    const again = { ...parking, attempts: 1, firstFailedAt: '2026-03-11T00:00:00.000Z' };
    given(workParked(), workRetried())
      .when(parkWork, again)
      .then(workParked({ attempts: 6 }));
  });

  it('is discarded with a reason, once', () => {
    given(workParked()).when(discardWork, discarding).then(workDiscarded());
    given(workParked(), workRetried()).when(discardWork, discarding).then(workDiscarded());
    given(workParked(), workDiscarded()).when(discardWork, discarding).then();
  });

  it('is not touched any more when it is settled', () => {
    given(workParked(), workDone()).when(retryWork, its).rejects('work-settled');
    given(workParked(), workDiscarded()).when(retryWork, its).rejects('work-settled');
    given(workParked(), workDone()).when(discardWork, discarding).rejects('work-settled');
    given(workParked(), workDiscarded()).when(finishWork, its).then();
  });

  it('that nobody parked is not there', () => {
    given().when(retryWork, its).rejects('work-unknown');
    given().when(discardWork, discarding).rejects('work-unknown');
    given().when(finishWork, its).then();
  });
});
