import { describe, expect, it, onTestFinished } from 'vitest';
import { keyRequest } from '../../../src/commands/lead/key-request.ts';
import { requestIdOf } from '../../../src/domain/lead/keyed-request.ts';
import { Rejection } from '../../../src/domain/rejection.ts';
import type { EventStore } from '../../../src/eventstore/event-store.ts';
import { allFacts, engineOver, openLog, request, slow } from '../../support/engine.ts';
import { projectId, requestKeyed } from '../../support/facts.ts';
import { given } from '../../support/given.ts';

const requestId = requestIdOf('Capture:acme:k1:order-7');
const naming = (persons: string) => ({ projectId, requestId, persons });
const [ada, grace] = ['hash-of-ada', 'hash-of-grace'];

describe('A request that may come again', () => {
  it('keeps whom it names', () => {
    given()
      .when(keyRequest, naming(ada))
      .then(requestKeyed({ persons: ada }));
  });

  it('changes nothing when it names the same again', () => {
    given(requestKeyed({ persons: ada }))
      .when(keyRequest, naming(ada))
      .then();
  });

  it('is rejected when it names others', () => {
    given(requestKeyed({ persons: ada }))
      .when(keyRequest, naming(grace))
      .rejects('idempotency-key-reused');
  });

  it('has a stream of its own, whose name tells nothing of the key', () => {
    expect(keyRequest.id(naming(ada))).toMatch(/^acme\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(requestIdOf('Capture:acme:k1:order-7')).toBe(requestId);
    expect(requestIdOf('Capture:acme:k2:order-7')).not.toBe(requestId);
  });
});

describe('A request that reaches two processes at once', () => {
  const log = (): EventStore => {
    const store = openLog();
    onTestFinished(() => store.close());
    return store;
  };

  /** What comes of both: as each was told, and what is kept. */
  const atOnce = async (...both: readonly [string, string]) => {
    const store = log();
    const told = await Promise.allSettled(
      both.map((persons) => engineOver(slow(store, () => 2)).handle(keyRequest, naming(persons), request('once:r'))),
    );
    return { told, kept: (await allFacts(store)).map(({ data }) => data) };
  };

  it('is kept once and goes on in both when it names the same', async () => {
    const { told, kept } = await atOnce(ada, ada);
    expect(told.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
    expect(kept).toEqual([{ persons: ada }]);
  });

  it('goes on in one of them when it names others', async () => {
    const { told, kept } = await atOnce(ada, grace);
    expect(told.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    const [refused] = told.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []));
    expect(refused).toBeInstanceOf(Rejection);
    expect(kept).toHaveLength(1);
  });
});
