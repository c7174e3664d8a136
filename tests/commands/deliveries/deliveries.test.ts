import { describe, it } from 'vitest';
import { forgetDelivery } from '../../../src/commands/deliveries/forget-delivery.ts';
import { recordAttempt } from '../../../src/commands/deliveries/record-attempt.ts';
import { requestDelivery } from '../../../src/commands/deliveries/request-delivery.ts';
import {
  at,
  deliveryAttempted,
  deliveryForgotten,
  deliveryRequested,
  endpointId,
  leadId,
  projectId,
} from '../../support/facts.ts';
import { given } from '../../support/given.ts';

const of = { projectId, deliveryId: 'd1' };
const retry = deliveryAttempted({ status: 503, result: 'retry', nextAt: at });
const asking = (() => {
  const { at: _, ...asked } = deliveryRequested().data;
  return { ...of, ...asked, derived: true };
})();
const forgetting = { ...of, endpointId, leadId, lastAt: at };

describe('What came of an attempt', () => {
  it('is recorded once, also when two processes made it', () => {
    given()
      .when(recordAttempt, { ...of, ...deliveryAttempted().data })
      .then(deliveryAttempted());
    given(retry)
      .when(recordAttempt, { ...of, ...deliveryAttempted().data })
      .then();
    given(retry)
      .when(recordAttempt, { ...of, ...deliveryAttempted({ attempt: 2 }).data })
      .then(deliveryAttempted({ attempt: 2 }));
  });

  it('is not recorded when the delivery is over', () => {
    given(deliveryAttempted())
      .when(recordAttempt, { ...of, ...deliveryAttempted({ attempt: 2 }).data })
      .then();
    given(deliveryForgotten({ pending: true }))
      .when(recordAttempt, { ...of, ...deliveryAttempted().data })
      .then();
  });
});

describe('Asking for a delivery', () => {
  it('makes it pending when it is over, and its attempts count anew', () => {
    given(deliveryAttempted()).when(requestDelivery, asking).then(deliveryRequested());
    given(deliveryAttempted(), deliveryRequested())
      .when(recordAttempt, { ...of, ...deliveryAttempted().data })
      .then(deliveryAttempted());
  });

  it('changes nothing while it is pending', () => {
    given().when(requestDelivery, asking).then();
    given(retry).when(requestDelivery, asking).then();
    given(deliveryAttempted(), deliveryRequested()).when(requestDelivery, asking).then();
  });

  it('makes one that does not follow from the log', () => {
    given()
      .when(requestDelivery, { ...asking, reason: 'test', derived: false })
      .then(deliveryRequested({ reason: 'test' }));
  });

  it('makes one that was forgotten by a replay, and by nothing else', () => {
    given(deliveryAttempted(), deliveryForgotten()).when(requestDelivery, asking).rejects('delivery-unknown');
    given(deliveryAttempted(), deliveryForgotten())
      .when(requestDelivery, { ...asking, reason: 'replay' })
      .then(deliveryRequested({ reason: 'replay' }));
  });
});

describe('A delivery', () => {
  it('is forgotten once, and says whether it was pending', () => {
    given()
      .when(forgetDelivery, forgetting)
      .then(deliveryForgotten({ pending: true }));
    given(deliveryAttempted()).when(forgetDelivery, forgetting).then(deliveryForgotten());
    given(deliveryAttempted(), deliveryForgotten()).when(forgetDelivery, forgetting).then();
  });

  it('is not forgotten when it was asked for again meanwhile', () => {
    const later = '2026-04-01T00:00:00.000Z';
    given(deliveryAttempted(), deliveryRequested({ at: later }))
      .when(forgetDelivery, forgetting)
      .then();
  });
});
