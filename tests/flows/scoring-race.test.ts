import { expect, test } from 'vitest';
import { capture } from '../../src/flows/capture.ts';
import { publishScoringModel } from '../../src/commands/scoring/publish-scoring-model.ts';
import { leadIdOf } from '../../src/domain/identity/identity.ts';
import { lead } from '../../src/domain/lead/lead.ts';
import { defaultModel, defaultModelOf, newestEdition } from '../../src/domain/scoring/default-model.ts';
import { leadStreamId } from '../../src/domain/streams.ts';
import type { EventStore } from '../../src/eventstore/event-store.ts';
import { activity, projectId } from '../support/facts.ts';
import { engineOver, openWith, request } from '../support/engine.ts';

test('a lead that is scored while a new model is published ends with the score of the new model', async () => {
  const log = await openWith({ version: 1, model: defaultModelOf(newestEdition) });
  const signup = { id: 'signup', when: { eventType: 'signup', where: [] }, points: 42 };
  const publish = () =>
    engine.handle(publishScoringModel, { projectId, model: { ...defaultModel, engagement: [signup] } }, request('new'));
  // The model comes into force when the lead was scored with the one before, and just before that is recorded.
  const store: EventStore = {
    ...log,
    append: async (stream, expected, events) => {
      if (events.some(({ type }) => type === 'ActivityRecorded')) await publish();
      return log.append(stream, expected, events);
    },
  };
  const engine = engineOver(store);
  const identifier = { kind: 'email', value: 'ada@example.com' } as const;

  await capture(
    engine,
    projectId,
    [{ identifiers: [identifier], activity: activity({ eventType: 'signup' }), exactTime: false }],
    request('sign up'),
  );

  const { state } = await engine.states.get(lead, leadStreamId(projectId, leadIdOf(projectId, identifier)));
  expect(state.scored).toMatchObject({ score: 42, model: 2 });
  await log.close();
});
