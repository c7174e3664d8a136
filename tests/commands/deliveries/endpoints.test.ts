import { describe, expect, it } from 'vitest';
import { addEndpoint } from '../../../src/commands/deliveries/add-endpoint.ts';
import { changeEndpoint } from '../../../src/commands/deliveries/change-endpoint.ts';
import { disableEndpoint } from '../../../src/commands/deliveries/disable-endpoint.ts';
import { enableEndpoint } from '../../../src/commands/deliveries/enable-endpoint.ts';
import { removeEndpointSecret } from '../../../src/commands/deliveries/remove-endpoint-secret.ts';
import { removeEndpoint } from '../../../src/commands/deliveries/remove-endpoint.ts';
import { rotateEndpointSecret } from '../../../src/commands/deliveries/rotate-endpoint-secret.ts';
import { endpointIdIn, endpointLimits, projectOfEndpoint } from '../../../src/domain/deliveries/endpoints.ts';
import {
  endpointAdded,
  endpointChanged,
  endpointDisabled,
  endpointEnabled,
  endpointId,
  endpointRemoved,
  endpointSecretRemoved,
  endpointSecretRotated,
  projectId,
} from '../../support/facts.ts';
import { given } from '../../support/given.ts';

const adding = (() => {
  const { at: _, ...endpoint } = endpointAdded().data;
  return { projectId, ...endpoint };
})();
const of = { projectId, endpointId };

describe('Adding an endpoint', () => {
  it('records what it is to be, once', () => {
    given().when(addEndpoint, adding).then(endpointAdded());
    given(endpointAdded()).when(addEndpoint, adding).then();
  });

  it('is rejected when a project has as many as it may, and not when one was removed', () => {
    const ids = Array.from({ length: endpointLimits.endpoints }, (_, n) => endpointIdIn('acme', `${n}`.padStart(12)));
    const full = ids.map((id) => endpointAdded({ endpointId: id }));
    given(...full)
      .when(addEndpoint, adding)
      .rejects('endpoints-full');
    given(...full, endpointRemoved({ endpointId: ids[7] ?? '' }))
      .when(addEndpoint, adding)
      .then(endpointAdded());
  });

  it('gives it an id that says of which project it is', () => {
    expect(projectOfEndpoint(endpointIdIn('acme', 'abcdefghijkl'))).toBe('acme');
    expect(projectOfEndpoint('acme')).toBeUndefined();
  });
});

describe('Changing an endpoint', () => {
  it('says again all that it is to be, leaves what is left out, and takes away what is null', () => {
    const before = endpointAdded({ types: ['lead.scored'], confidentialId: 'c1', ratePerSecond: 5 });
    given(before)
      .when(changeEndpoint, { ...of, url: 'https://example.com/other', types: null })
      .then(endpointChanged({ url: 'https://example.com/other', confidentialId: 'c1', ratePerSecond: 5 }));
  });

  it('changes nothing when it says what is there', () => {
    given(endpointAdded())
      .when(changeEndpoint, { ...of, url: 'https://example.com/hook', types: null })
      .then();
  });

  it('keeps why it is disabled', () => {
    given(endpointAdded(), endpointDisabled(), endpointChanged({ headers: ['x-key'] }))
      .when(disableEndpoint, { ...of, reason: 'gone' })
      .then();
  });

  it('is rejected where there is none', () => {
    given().when(changeEndpoint, of).rejects('endpoint-unknown');
    given(endpointAdded(), endpointRemoved()).when(changeEndpoint, of).rejects('endpoint-unknown');
  });
});

describe('An endpoint', () => {
  it('is disabled and enabled once each', () => {
    given(endpointAdded())
      .when(disableEndpoint, { ...of, reason: 'gone' })
      .then(endpointDisabled({ reason: 'gone' }));
    given(endpointAdded(), endpointDisabled())
      .when(disableEndpoint, { ...of, reason: 'gone' })
      .then();
    given(endpointAdded(), endpointDisabled()).when(enableEndpoint, of).then(endpointEnabled());
    given(endpointAdded()).when(enableEndpoint, of).then();
  });

  it('is removed', () => {
    given(endpointAdded()).when(removeEndpoint, of).then(endpointRemoved());
    given().when(removeEndpoint, of).rejects('endpoint-unknown');
  });

  it('has another secret, and the former one a while, which can be removed', () => {
    const rotating = { ...of, secretId: 'sec2', overlapHours: 24 };
    given(endpointAdded()).when(rotateEndpointSecret, rotating).then(endpointSecretRotated());
    given(endpointAdded(), endpointSecretRotated()).when(rotateEndpointSecret, rotating).then();
    given(endpointAdded(), endpointSecretRotated())
      .when(removeEndpointSecret, { ...of, secretId: 'sec1' })
      .then(endpointSecretRemoved());
    given(endpointAdded(), endpointSecretRotated(), endpointSecretRemoved())
      .when(removeEndpointSecret, { ...of, secretId: 'sec1' })
      .rejects('secret-unknown');
    given(endpointAdded())
      .when(removeEndpointSecret, { ...of, secretId: 'sec1' })
      .rejects('secret-current');
  });
});
