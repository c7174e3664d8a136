import { describe, it } from 'vitest';
import { discardDeadLetter } from '../../../src/commands/jobs/discard-dead-letter.ts';
import { finishDeadLetter } from '../../../src/commands/jobs/finish-dead-letter.ts';
import { addDeadLetter } from '../../../src/commands/jobs/add-dead-letter.ts';
import { retryDeadLetter } from '../../../src/commands/jobs/retry-dead-letter.ts';
import { projectId, workDiscarded, workDone, workParked, workRetried } from '../../support/facts.ts';
import { given } from '../../support/given.ts';

const { lastFailedAt: _, ...parking } = workParked().data;
const its = { projectId, workId: 'complete-merges.e1' };
const discarding = { ...its, reason: 'Not needed' };

describe('Work that is parked', () => {
  it('is parked once', () => {
    given().when(addDeadLetter, parking).then(workParked());
    given(workParked()).when(addDeadLetter, parking).then();
    given(workParked(), workDiscarded()).when(addDeadLetter, parking).then();
  });

  it('is retried when somebody wants that, and is then done', () => {
    given(workParked()).when(retryDeadLetter, its).then(workRetried());
    given(workParked(), workRetried()).when(retryDeadLetter, its).then();
    given(workParked(), workRetried()).when(finishDeadLetter, its).then(workDone());
    given(workParked(), workRetried(), workDone()).when(finishDeadLetter, its).then();
  });

  it('is parked again when the retry fails, since when it failed first', () => {
    const again = { ...parking, attempts: 1, firstFailedAt: '2026-03-11T00:00:00.000Z' };
    given(workParked(), workRetried())
      .when(addDeadLetter, again)
      .then(workParked({ attempts: 6 }));
  });

  it('is discarded with a reason, once', () => {
    given(workParked()).when(discardDeadLetter, discarding).then(workDiscarded());
    given(workParked(), workRetried()).when(discardDeadLetter, discarding).then(workDiscarded());
    given(workParked(), workDiscarded()).when(discardDeadLetter, discarding).then();
  });

  it('is not touched any more when it is settled', () => {
    given(workParked(), workDone()).when(retryDeadLetter, its).rejects('work-settled');
    given(workParked(), workDiscarded()).when(retryDeadLetter, its).rejects('work-settled');
    given(workParked(), workDone()).when(discardDeadLetter, discarding).rejects('work-settled');
    given(workParked(), workDiscarded()).when(finishDeadLetter, its).then();
  });

  it('that nobody parked is not there', () => {
    given().when(retryDeadLetter, its).rejects('work-unknown');
    given().when(discardDeadLetter, discarding).rejects('work-unknown');
    given().when(finishDeadLetter, its).then();
  });
});
