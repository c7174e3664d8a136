import { describe, expect, it } from 'vitest';
import { defaultModel, defaultModelOf, newestEdition } from '../../src/domain/scoring/default-model.ts';
import { project } from '../../src/domain/projects/project.ts';
import { scoringModelForm } from '../../src/domain/scoring/scoring-form.ts';
import { eventTypesOf } from '../../src/domain/scoring/scoring-model.ts';
import { inPoints, tally } from '../../src/domain/scoring/scoring.ts';
import { snakeCase } from '../../src/api/ingest/event-name.ts';
import { activity, projectCreated } from '../support/facts.ts';
import { noon } from '../support/noon.ts';
import { scorableOf } from '../support/scorable.ts';

const scoreOf = (edition: number | undefined, eventType: string): number => {
  const { scoring } = project.evolve(
    project.initial,
    projectCreated(edition === undefined ? {} : { defaultModel: edition }),
  );
  expect(scoring.version).toBe(1);
  return inPoints(tally(scoring, scorableOf([activity({ eventType })]), noon.getTime()).engagement);
};

describe('The default model', () => {
  it.each([
    ['Demo Requested', 50],
    ['demo_request', 50],
    ['Signed Up', 30],
    ['Account Created', 30],
    ['signup', 30],
    ['Email Opened', 10],
    ['Form Submitted', 20],
    ['Order Completed', 100],
    ['Webinar Attended', 25],
    ['Pricing Page Viewed', 15],
    ['File Downloaded', 15],
    ['Unsubscribed', -20],
    ['page_view', 5],
    ['Order Cancelled', 0],
    ['Demo', 0],
  ])('of a new project gives for %s %i', (name, points) => {
    expect(scoreOf(newestEdition, snakeCase(name))).toBe(points);
  });

  it.each([
    ['demo_request', 50],
    ['demo_requested', 0],
    ['signed_up', 0],
    ['order_completed', 0],
    ['page_view', 5],
  ])('of a project from before gives for %s %i, as ever', (eventType, points) => {
    expect(scoreOf(undefined, eventType)).toBe(points);
  });

  it('has no event type twice, and can be published as it is', () => {
    const types = defaultModelOf(newestEdition).engagement.flatMap(eventTypesOf);
    expect(new Set(types).size).toBe(types.length);
    for (const model of [defaultModel, defaultModelOf(newestEdition)])
      expect(scoringModelForm.parse(model)).toEqual(model);
  });
});
