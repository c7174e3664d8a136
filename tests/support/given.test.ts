import { describe, expect, it } from 'vitest';
import { captureLead } from '../../src/commands/lead/capture-lead.ts';
import { revokeKey } from '../../src/commands/projects/revoke-key.ts';
import { anonymousId, keyIssued, keyRevoked, leadCaptured, leadScored, projectId, standard } from './facts.ts';
import { given } from './given.ts';

const input = { projectId, identifier: anonymousId(), scoring: standard };

describe('given, when, then', () => {
  it('takes the facts of the aggregate that the command is about, in the compiler’s eyes too', () => {
    given(keyIssued()).when(revokeKey, { projectId, keyId: 'k1' }).then(keyRevoked());
    given().when(captureLead, input).then(leadCaptured());
    // @ts-expect-error A project's facts are not a lead's.
    given(keyIssued()).when(captureLead, input).then(leadCaptured());
    // @ts-expect-error A lead's facts and a project's together are neither's.
    given(leadCaptured(), keyIssued()).when(captureLead, input).then();
    // @ts-expect-error What a lead's command decides is never a project's fact.
    expect(() => given().when(captureLead, input).then(keyRevoked())).toThrow();
  });

  it('fails when other facts are decided, fewer, more or none', () => {
    const decision = given().when(captureLead, input);
    expect(() => decision.then()).toThrow();
    expect(() => decision.then(leadCaptured({ stage: 'warm' }))).toThrow();
    expect(() => decision.then(leadCaptured(), leadCaptured())).toThrow();
  });

  it('fails when nothing is rejected, or for another reason', () => {
    expect(() => given().when(captureLead, input).rejects('lead-merged')).toThrow(/to be rejected/);
    expect(() => given().when(revokeKey, { projectId, keyId: 'k1' }).rejects('project-unknown')).toThrow();
  });

  it('refuses given facts and input that could not have been', () => {
    expect(() =>
      given(leadScored({ model: 1.5 }))
        .when(captureLead, input)
        .facts(),
    ).toThrow();
    expect(() =>
      given()
        .when(captureLead, { ...input, identifier: anonymousId('') })
        .facts(),
    ).toThrow();
  });
});
