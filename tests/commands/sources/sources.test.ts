import { describe, expect, it } from 'vitest';
import { addSource } from '../../../src/commands/sources/add-source.ts';
import { changeSource } from '../../../src/commands/sources/change-source.ts';
import { removeSource } from '../../../src/commands/sources/remove-source.ts';
import { sourceLimits } from '../../../src/domain/sources/sources.ts';
import { projectId, sourceAdded, sourceChanged, sourceId, sourceRemoved } from '../../support/facts.ts';
import { given } from '../../support/given.ts';

const signature = { header: 'x-signature', encoding: 'hex' } as const;
const adding = (() => {
  const { at: _, ...source } = sourceAdded().data;
  return { projectId, ...source };
})();
const changing = { projectId, sourceId };

describe('Adding a source', () => {
  it('records what it is to be, and which secret it has', () => {
    given().when(addSource, adding).then(sourceAdded());
  });

  it('of the same id again changes nothing', () => {
    given(sourceAdded()).when(addSource, adding).then();
  });

  it('takes a signature for hmac-sha256, and for that alone', () => {
    const hmac = { ...adding, scheme: 'hmac-sha256' as const };
    given()
      .when(addSource, { ...hmac, signature })
      .then(sourceAdded({ scheme: 'hmac-sha256', signature }));
    given().when(addSource, hmac).rejects('invalid-request');
    given()
      .when(addSource, { ...adding, signature })
      .rejects('invalid-request');
  });

  it('has the names of headers in lower case, however they are written', () => {
    const written = { header: 'X-Signature', encoding: 'hex', timestampHeader: 'X-Time' } as const;
    given()
      .when(addSource, { ...adding, scheme: 'hmac-sha256', signature: written })
      .then(sourceAdded({ scheme: 'hmac-sha256', signature: { ...signature, timestampHeader: 'x-time' } }));
    given(sourceAdded({ scheme: 'hmac-sha256', signature }))
      .when(changeSource, { ...changing, signature: { ...signature, header: 'X-Signature' } })
      .then();
  });

  it('is rejected when a project has as many as it may, and not when one was removed', () => {
    const ids = Array.from({ length: sourceLimits.sources }, (_, index) => `acme-${String(index).padStart(12, '0')}`);
    const full = ids.map((id) => sourceAdded({ sourceId: id }));
    given(...full)
      .when(addSource, adding)
      .rejects('sources-full');
    given(...full, sourceRemoved({ sourceId: ids[7] ?? '' }))
      .when(addSource, adding)
      .then(sourceAdded());
  });
});

describe('Changing a source', () => {
  const mapping = { eventType: '/type' };

  it('says again all that it is to be, with what was left out as it was', () => {
    given(sourceAdded({ mapping }))
      .when(changeSource, { ...changing, name: 'CRM' })
      .then(sourceChanged({ name: 'CRM', mapping }));
    given(sourceAdded(), sourceChanged({ name: 'CRM' }))
      .when(changeSource, { ...changing, enabled: false, mapping })
      .then(sourceChanged({ name: 'CRM', enabled: false, mapping }));
  });

  it('takes away what is null', () => {
    given(sourceAdded({ mapping }))
      .when(changeSource, { ...changing, mapping: null })
      .then(sourceChanged());
  });

  it('to what it is changes nothing', () => {
    given(sourceAdded({ mapping }))
      .when(changeSource, { ...changing, name: 'Forms', mapping })
      .then();
  });

  it('is rejected for one that is not there, or not any more, and for what does not go together', () => {
    given().when(changeSource, changing).rejects('source-unknown');
    given(sourceAdded(), sourceRemoved()).when(changeSource, changing).rejects('source-unknown');
    given(sourceAdded())
      .when(changeSource, { ...changing, signature })
      .rejects('invalid-request');
  });

  it('takes no other scheme, as a sender that signs otherwise is another source', () => {
    expect(changeSource.input.safeParse({ ...changing, scheme: 'token' }).success).toBe(false);
  });
});

describe('Removing a source', () => {
  it('records that it is gone', () => {
    given(sourceAdded()).when(removeSource, changing).then(sourceRemoved());
  });

  it('is rejected for one that is not there, or not any more', () => {
    given().when(removeSource, changing).rejects('source-unknown');
    given(sourceAdded(), sourceRemoved()).when(removeSource, changing).rejects('source-unknown');
  });
});
